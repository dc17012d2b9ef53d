# How everything is compiled: the dialect, the warnings, the sanitizers, reproducible paths.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

# No fused multiply-adds behind our back: every ISA must give the same numbers unless its source says otherwise.
add_compile_options(-ffp-contract=off)
if(NOT CMAKE_C_FLAGS MATCHES "--coverage") # coverage reports need the real paths
    add_compile_options("-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=")
endif()

if(TENFERRO_SANITIZE)
    add_compile_options(-fsanitize=${TENFERRO_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${TENFERRO_SANITIZE})
    # instrumented code is inlined less, and GCC then sees failures that cannot return
    add_compile_options($<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()
if(TENFERRO_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "TENFERRO_FUZZ needs clang: configure with -DCMAKE_C_COMPILER=clang")
    endif()
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Warnings of everything; the strict ones for all that ships.
add_library(tenferro_warnings INTERFACE)
target_compile_options(tenferro_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wundef -Wvla -Wstrict-prototypes
    $<$<BOOL:${TENFERRO_WERROR}>:-Werror>)
add_library(tenferro_strict INTERFACE)
target_link_libraries(tenferro_strict INTERFACE tenferro_warnings)
target_compile_options(tenferro_strict INTERFACE -Wconversion -Wmissing-prototypes -Wcast-qual)

# What a hosted POSIX system has beyond C11 (dlopen, pthreads, clock_gettime, sched_getaffinity).
add_library(tenferro_hosted INTERFACE)
target_compile_definitions(tenferro_hosted INTERFACE _GNU_SOURCE)

# Sources of a folder that have a main of their own, and those that have none.
function(tenferro_split_mains with_main without_main)
    set(programs "")
    set(parts "")
    foreach(source IN LISTS ARGN)
        file(STRINGS "${source}" main REGEX "^(int )?main\\(" LIMIT_COUNT 1)
        if(main)
            list(APPEND programs "${source}")
        else()
            list(APPEND parts "${source}")
        endif()
    endforeach()
    set(${with_main} "${programs}" PARENT_SCOPE)
    set(${without_main} "${parts}" PARENT_SCOPE)
endfunction()
