# ashlar::cmocka: the unit tests' library. Debian has it for the host alone, so a 32-bit or
# foreign build takes the same calls from test/shim/cmocka.h.

include(CheckCSourceCompiles)
include(CMakePushCheckState)

cmake_push_check_state(RESET)
set(CMAKE_REQUIRED_LIBRARIES cmocka)
check_c_source_compiles("
  #include <setjmp.h>
  #include <stdarg.h>
  #include <stddef.h>
  #include <stdint.h>
  #include <cmocka.h>
  int main(void) { return _cmocka_run_group_tests(\"none\", NULL, 0, NULL, NULL); }
" ASH_HAVE_CMOCKA)
cmake_pop_check_state()

add_library(ashlar_cmocka INTERFACE)
add_library(ashlar::cmocka ALIAS ashlar_cmocka)
if(ASH_HAVE_CMOCKA)
  target_link_libraries(ashlar_cmocka INTERFACE cmocka)
else()
  target_include_directories(ashlar_cmocka INTERFACE "${PROJECT_SOURCE_DIR}/test/shim")
endif()
