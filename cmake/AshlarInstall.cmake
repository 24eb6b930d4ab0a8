# cmake --install: headers, the four forms, the tool, a CMake package and a pkg-config file.

include(CMakePackageConfigHelpers)

install(DIRECTORY include/ashlar DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(FILES share/ashlar/stats.schema.json DESTINATION "${CMAKE_INSTALL_DATADIR}/ashlar")
install(TARGETS ashlar_shared ashlar_static ashlar_api ashlar_object EXPORT ashlar
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(FILES "${PROJECT_BINARY_DIR}/lib/ashlar.o" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(FILES man/ashlar.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
install(FILES man/ash_options.7 DESTINATION "${CMAKE_INSTALL_MANDIR}/man7")
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
