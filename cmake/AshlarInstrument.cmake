# ASH_CAN_INSTRUMENT: the compiler reports accesses to memory (-fsanitize=thread) in what is not
# linked with that sanitizer's library.

include(CheckCSourceCompiles)
include(CMakePushCheckState)
cmake_push_check_state(RESET)
set(CMAKE_REQUIRED_FLAGS -fsanitize=thread)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
check_c_source_compiles("int word; void set(void) { word = 1; }" ASH_CAN_INSTRUMENT)
unset(CMAKE_TRY_COMPILE_TARGET_TYPE)
cmake_pop_check_state()
