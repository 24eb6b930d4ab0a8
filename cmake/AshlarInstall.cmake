# cmake --install: headers, the four forms, the tool, a CMake package and a pkg-config file.

include(CMakePackageConfigHelpers)

install(DIRECTORY include/ashlar DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(FILES share/ashlar/stats.schema.json DESTINATION "${CMAKE_INSTALL_DATADIR}/ashlar")
install(TARGETS ashlar_shared ashlar_static ashlar_api ashlar_object EXPORT ashlar
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(FILES "${PROJECT_BINARY_DIR}/lib/ashlar.o" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(FILES man/ashlar.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
install(FILES man/ash_errors.7 man/ash_options.7 DESTINATION "${CMAKE_INSTALL_MANDIR}/man7")

# Each function's name leads to its page: the one that has it in its NAME, and for options
# ash_options(7).
function(ash_link_manual page text)
  string(REGEX MATCHALL "ash_[a-z_]+" names "${text}")
  foreach(name IN LISTS names)
    set(link "${PROJECT_BINARY_DIR}/man3/${name}.3")
    if(NOT page STREQUAL "man3/${name}.3")
      file(WRITE "${link}" ".so ${page}\n")
      list(APPEND function_links "${link}")
    endif()
  endforeach()
  set(function_links "${function_links}" PARENT_SCOPE)
endfunction()

file(GLOB function_pages CONFIGURE_DEPENDS man/*.3)
foreach(function_page IN LISTS function_pages)
  cmake_path(GET function_page FILENAME page_name)
  file(STRINGS "${function_page}" names_line REGEX "^ash_[a-z_, ]+ - " LIMIT_COUNT 1)
  ash_link_manual("man3/${page_name}" "${names_line}")
endforeach()
file(STRINGS include/ashlar/options.h option_lines REGEX "^ASH_EXPORT .* ash_option_[a-z_]+")
string(REGEX MATCHALL "ash_option_[a-z_]+\\(" option_names "${option_lines}")
ash_link_manual(man7/ash_options.7 "${option_names}")
install(FILES ${function_pages} ${function_links} DESTINATION "${CMAKE_INSTALL_MANDIR}/man3")
if(TARGET ashlar_tool)
  install(TARGETS ashlar_tool RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/ashlar")
install(EXPORT ashlar NAMESPACE ashlar:: FILE ashlar-targets.cmake DESTINATION "${package_dir}")
configure_package_config_file(cmake/ashlar-config.cmake.in
  "${PROJECT_BINARY_DIR}/ashlar-config.cmake" INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/ashlar-config-version.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/ashlar-config.cmake"
  "${PROJECT_BINARY_DIR}/ashlar-config-version.cmake" DESTINATION "${package_dir}")

# Relative to the file itself, so that an installed tree can be moved.
file(RELATIVE_PATH pc_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")
configure_file(cmake/ashlar.pc.in "${PROJECT_BINARY_DIR}/ashlar.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/ashlar.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
