# The tests. Each folder registers its own, named <folder>/<claim> and labelled <folder>.
#
# A test whose optional program is missing exits with 77 and is counted as skipped; with
# ASH_NO_SKIP=1 in the environment, as in continuous integration, it has to fail instead.

enable_testing()
enable_language(CXX)

# Whatever `python3` means to the user: scripts here need the standard library of 3.11 only.
find_program(ASH_PYTHON python3 REQUIRED NO_CMAKE_FIND_ROOT_PATH)

include(AshlarCmocka)

# ashlar::internal: the api library and the headers of src/, for tests of single units.
add_library(ashlar_internal INTERFACE)
add_library(ashlar::internal ALIAS ashlar_internal)
target_link_libraries(ashlar_internal INTERFACE ashlar_api)
target_include_directories(ashlar_internal INTERFACE "${PROJECT_SOURCE_DIR}/src")

set(folders unit api compat model stress stats fuzz harden guard)
if(NOT ASH_SANITIZE)
  list(APPEND folders libc override programs identity sched scale tool package tidy golden docs
    forms cross coverage mutation)
endif()
foreach(folder IN LISTS folders)
  if(EXISTS "${PROJECT_SOURCE_DIR}/test/${folder}/CMakeLists.txt")
    add_subdirectory(test/${folder})
  endif()
endforeach()
if(EXISTS "${PROJECT_SOURCE_DIR}/bench/CMakeLists.txt" AND NOT ASH_SANITIZE)
  add_subdirectory(bench)
endif()
