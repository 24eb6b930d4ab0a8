# The mimalloc layer, a library of its own over ashlar's public functions:
#
#   ashlar_mimalloc         lib/libashlar-mimalloc.so   over libashlar.so
#   ashlar_mimalloc_static  lib/libashlar-mimalloc.a    over libashlar-api.a: beside another malloc
#
# Their users find <mimalloc.h> as well as <ashlar/compat/mimalloc.h>.

set(layer)
foreach(name mimalloc mimalloc_arena mimalloc_control mimalloc_env mimalloc_heap mimalloc_json
    mimalloc_layer mimalloc_new mimalloc_options mimalloc_posix mimalloc_stats mimalloc_take
    mimalloc_walk)
  list(APPEND layer "${PROJECT_SOURCE_DIR}/src/compat/${name}.c")
endforeach()

add_library(ashlar_mimalloc_objects OBJECT ${layer} ${ASH_CATCH_SOURCES})
ashlar_build_settings(ashlar_mimalloc_objects)

function(ashlar_add_mimalloc name kind below export)
  add_library(${name} ${kind} $<TARGET_OBJECTS:ashlar_mimalloc_objects>)
  add_library(ashlar::${export} ALIAS ${name})
  set_target_properties(${name} PROPERTIES OUTPUT_NAME ashlar-mimalloc EXPORT_NAME ${export}
    LINKER_LANGUAGE C ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib"
    LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
  ashlar_public_headers(${name})
  target_include_directories(${name} INTERFACE
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include/ashlar/compat>"
    "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/ashlar/compat>")
  target_link_libraries(${name} PUBLIC ${below})
endfunction()

ashlar_add_mimalloc(ashlar_mimalloc_static STATIC ashlar_api mimalloc_static)
if(ASH_SANITIZE)
  return()
endif()

ashlar_add_mimalloc(ashlar_mimalloc SHARED ashlar_shared mimalloc)
# libashlar.so lies beside it.
set_target_properties(ashlar_mimalloc PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0
  INSTALL_RPATH "$ORIGIN")
target_link_options(ashlar_mimalloc PRIVATE -Wl,-z,nodelete -Wl,-z,relro -Wl,-z,now
  -Wl,--no-undefined -Wl,--as-needed)

install(TARGETS ashlar_mimalloc ashlar_mimalloc_static EXPORT ashlar
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
file(RELATIVE_PATH pc_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")
configure_file(cmake/ashlar-mimalloc.pc.in "${PROJECT_BINARY_DIR}/ashlar-mimalloc.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/ashlar-mimalloc.pc"
  DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
