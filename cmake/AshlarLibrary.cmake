# The library in its four forms:
#
#   ashlar_shared  lib/libashlar.so     takes over malloc; also for LD_PRELOAD
#   ashlar_static  lib/libashlar.a      the same as an archive
#   ashlar_object  lib/ashlar.o         the same as one object: link it first, it cannot be missed
#   ashlar_api     lib/libashlar-api.a  the ash_* names alone, beside another malloc
#
# A sanitizer brings a malloc of its own, so its builds have ashlar_api alone.

include("${PROJECT_SOURCE_DIR}/src/CMakeLists.txt")
foreach(list ASH_CORE_SOURCES ASH_OS_SOURCES ASH_OVERRIDE_SOURCES ASH_CATCH_SOURCES)
  list(TRANSFORM ${list} PREPEND "${PROJECT_SOURCE_DIR}/src/")
endforeach()

find_package(Threads REQUIRED)

# Compiles the library's sources into an object library `name`. OVERRIDE adds the names of libc.
function(ashlar_add_objects name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "OVERRIDE" "" "")
  if(ASH_SINGLE_TU)
    set(sources "${PROJECT_SOURCE_DIR}/src/ashlar.c")
  else()
    set(sources ${ASH_CORE_SOURCES} ${ASH_OS_SOURCES})
    if(arg_OVERRIDE)
      list(APPEND sources ${ASH_OVERRIDE_SOURCES})
    endif()
  endif()
  if(arg_OVERRIDE)
    list(APPEND sources ${ASH_CATCH_SOURCES})
  endif()
  add_library(${name} OBJECT ${sources})
  ashlar_build_settings(${name})
  target_compile_definitions(${name} PRIVATE ASH_WITH_OVERRIDE=$<BOOL:${arg_OVERRIDE}>)
endfunction()

# What every target compiled from src/ needs.
function(ashlar_build_settings name)
  target_compile_options(${name} PRIVATE ${ASH_CORE_OPTIONS} ${ASH_RUNG_OPTIONS}
    ${ASH_LAYOUT_OPTIONS})
  if(ASH_DEFAULT_OPTIONS)
    target_compile_definitions(${name} PRIVATE "ASH_DEFAULT_OPTIONS=\"${ASH_DEFAULT_OPTIONS}\"")
  endif()
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/src")
  ashlar_public_headers(${name})
endfunction()

function(ashlar_public_headers name)
  target_include_directories(${name} PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
    "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
endfunction()

# A static library of the core over another os_*.c, for tests: the fake system.
function(ashlar_add_core_over name)
  add_library(${name} STATIC ${ASH_CORE_SOURCES} ${ARGN})
  ashlar_build_settings(${name})
  target_link_libraries(${name} PUBLIC Threads::Threads)
endfunction()

# One form of the library, made of the objects of `objects`.
function(ashlar_add_form name kind objects output export)
  add_library(${name} ${kind} $<TARGET_OBJECTS:${objects}>)
  add_library(ashlar::${export} ALIAS ${name})
  set_target_properties(${name} PROPERTIES OUTPUT_NAME ${output} EXPORT_NAME ${export}
    LINKER_LANGUAGE C ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib"
    LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
  ashlar_public_headers(${name})
  target_link_libraries(${name} PUBLIC Threads::Threads)
  ashlar_guard_tls(${name})
endfunction()

ashlar_add_objects(ashlar_core_objects)
ashlar_add_form(ashlar_api STATIC ashlar_core_objects ashlar-api api)
# A plugin that has allocated must stay: its exit hooks point into it.
target_link_options(ashlar_api INTERFACE LINKER:-z,nodelete)
if(ASH_SANITIZE)
  return()
endif()

ashlar_add_objects(ashlar_full_objects OVERRIDE)
ashlar_add_form(ashlar_static STATIC ashlar_full_objects ashlar static)
ashlar_add_form(ashlar_shared SHARED ashlar_full_objects ashlar ashlar)
set_target_properties(ashlar_shared PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0)
# The names of libc stay in the base version node, so there is no version script. A library
# that has become malloc cannot be unloaded.
target_link_options(ashlar_shared PRIVATE -Wl,-z,nodelete -Wl,-z,relro -Wl,-z,now
  -Wl,--no-undefined -Wl,--as-needed ${ASH_LAYOUT_LINK_OPTIONS})
set_target_properties(ashlar_shared PROPERTIES LINK_DEPENDS "${ASH_LAYOUT_SCRIPT}")

separate_arguments(object_flags UNIX_COMMAND "${CMAKE_C_FLAGS}")
add_custom_command(OUTPUT "${PROJECT_BINARY_DIR}/lib/ashlar.o"
  COMMAND ${CMAKE_C_COMPILER} ${object_flags} -nostdlib -r
    -o "${PROJECT_BINARY_DIR}/lib/ashlar.o" $<TARGET_OBJECTS:ashlar_full_objects>
  DEPENDS ashlar_full_objects $<TARGET_OBJECTS:ashlar_full_objects>
  COMMENT "Linking the override object lib/ashlar.o" COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(ashlar_object_file ALL DEPENDS "${PROJECT_BINARY_DIR}/lib/ashlar.o")
add_library(ashlar_object INTERFACE)
add_library(ashlar::object ALIAS ashlar_object)
set_target_properties(ashlar_object PROPERTIES EXPORT_NAME object)
add_dependencies(ashlar_object ashlar_object_file)
target_link_libraries(ashlar_object INTERFACE
  "$<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/lib/ashlar.o>"
  "$<INSTALL_INTERFACE:\${_IMPORT_PREFIX}/${CMAKE_INSTALL_LIBDIR}/ashlar.o>" Threads::Threads)
target_include_directories(ashlar_object INTERFACE
  "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
  "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
