# What `cmake --install` puts where, and how an installed tenferro is found (pkg-config, find_package).
include(CMakePackageConfigHelpers)

install(TARGETS tenferro EXPORT tenferroTargets
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
if(TENFERRO_TOOL AND TARGET tenferro_tool)
    install(TARGETS tenferro_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(FILES README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs FILES_MATCHING PATTERN "*.md")

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tenferro)
install(EXPORT tenferroTargets NAMESPACE tenferro:: DESTINATION ${package_dir})
configure_package_config_file(cmake/tenferroConfig.cmake.in tenferroConfig.cmake
    INSTALL_DESTINATION ${package_dir})
# Before 1.0 a new minor version may break: only the same minor version is compatible.
write_basic_package_version_file(tenferroConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
    "${PROJECT_BINARY_DIR}/tenferroConfig.cmake" "${PROJECT_BINARY_DIR}/tenferroConfigVersion.cmake"
    DESTINATION ${package_dir})

# Relative to the .pc file, so that an installed tree can be moved.
file(RELATIVE_PATH pc_prefix "/p/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/p")
configure_file(cmake/tenferro.pc.in tenferro.pc @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/tenferro.pc" DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
