# How everything here is compiled. None of it reaches a project that links ashlar.

if(NOT ASH_MODE MATCHES "^(release|debug|audit)$")
  message(FATAL_ERROR "ASH_MODE is '${ASH_MODE}': say release, debug or audit")
endif()
if(NOT ASH_SANITIZE MATCHES "^(address|thread|undefined|)$")
  message(FATAL_ERROR "ASH_SANITIZE is '${ASH_SANITIZE}': say address, thread or undefined")
endif()

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

# The mode is the build type: CMake's own would add a second set of flags to ours.
if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_BUILD_TYPE "" CACHE STRING "Unused: see ASH_MODE" FORCE)
endif()

if(ASH_MODE STREQUAL "release")
  add_compile_options(-O2 -g1)
else()
  add_compile_options(-Og -g3)
endif()

# The knobs of src/base/config.h. Tests see them too, since they see the structures.
string(COMPARE NOTEQUAL "${ASH_MODE}" "release" ash_debug)
string(COMPARE EQUAL "${ASH_MODE}" "audit" ash_audit)
foreach(knob debug audit)
  if(ash_${knob})
    set(ash_${knob} 1)
  else()
    set(ash_${knob} 0)
  endif()
endforeach()
add_compile_definitions(ASH_DEBUG=${ash_debug} ASH_AUDIT=${ash_audit} ASH_HOSTILE=${ash_audit})

add_compile_options(
  -Wall -Wextra -Wpedantic -Wundef -Wconversion -Wcast-qual -Wshadow -Wvla -Wimplicit-fallthrough
  "$<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes;-Wmissing-prototypes>")

if(ASH_SANITIZE)
  add_compile_options(-fsanitize=${ASH_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ASH_SANITIZE})
endif()

# The compiler must not use what it knows of malloc where malloc is written.
# An exception that operator new throws passes through functions written in C: not every
# target has unwind tables for these by itself.
set(ASH_CORE_OPTIONS -fPIC -fvisibility=hidden -funwind-tables)
# clang knows this since 11, and never did otherwise.
include(CheckCCompilerFlag)
check_c_compiler_flag(-fno-semantic-interposition ASH_HAVE_NO_SEMANTIC_INTERPOSITION)
if(ASH_HAVE_NO_SEMANTIC_INTERPOSITION)
  list(APPEND ASH_CORE_OPTIONS -fno-semantic-interposition)
endif()
foreach(name malloc calloc realloc reallocarray free aligned_alloc posix_memalign memalign valloc
    pvalloc strdup strndup malloc_usable_size)
  list(APPEND ASH_CORE_OPTIONS -fno-builtin-${name})
endforeach()
