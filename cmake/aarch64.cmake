# Cross-compiling for 64-bit ARM with Debian's gcc-aarch64-linux-gnu and libc6-dev-arm64-cross; what else is linked lies
# where tools/aarch64_packages.sh unpacks it.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)

set(packages "${CMAKE_CURRENT_LIST_DIR}/../build/aarch64-packages")
set(CMAKE_FIND_ROOT_PATH "${packages}" /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} "${packages}/usr/lib/aarch64-linux-gnu/pkgconfig")
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${packages}")
# Debian's headers for one architecture, which its own compiler finds by itself
set(CMAKE_C_STANDARD_INCLUDE_DIRECTORIES "${packages}/usr/include/aarch64-linux-gnu" "${packages}/usr/include")

find_program(QEMU_AARCH64 NAMES qemu-aarch64 qemu-aarch64-static)
if(QEMU_AARCH64)
    set(CMAKE_CROSSCOMPILING_EMULATOR "${QEMU_AARCH64};-L;/usr/aarch64-linux-gnu")
endif()
