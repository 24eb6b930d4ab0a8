# A build whose programs do not run as the system's own: for another processor, another C library
# or another compiler. All of it is said in variables, so one file serves every row of the matrix
# in tools/cross/rows.toml:
#
#   ASH_CROSS_TRIPLE    aarch64-linux-gnu, ...; also names Debian's cross compiler
#   ASH_CROSS_CC, _CXX  the compilers, if they are not that one (one program each, no arguments)
#   ASH_CROSS_FLAGS     what every compilation and every link gets
#   ASH_CROSS_ROOT      where the target's headers and libraries are, if not in /usr/<triple>
#   ASH_CROSS_EMULATOR  what starts a test's program, as a list; empty where it starts by itself
#   ASH_CROSS_TOOLS     a prefix for ar, nm, objdump ..., if it is not <triple>-
#
# qemu on x86-64 executes foreign code with x86's strong memory order, so these runs say nothing
# about reordering. They check the code, the sizes, the byte order and the page size.
set(ash_cross_variables ASH_CROSS_TRIPLE ASH_CROSS_CC ASH_CROSS_CXX ASH_CROSS_FLAGS ASH_CROSS_ROOT
  ASH_CROSS_EMULATOR ASH_CROSS_TOOLS)
# CMake's own test projects read this file too, and see of our variables only these.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ${ash_cross_variables})

if(NOT ASH_CROSS_TRIPLE)
  message(FATAL_ERROR "cmake/cross.cmake: say -DASH_CROSS_TRIPLE=aarch64-linux-gnu or another"
    " target; ./dev cross --list shows those that are tested")
endif()
set(ash_cross_defaults
  "ASH_CROSS_CC=${ASH_CROSS_TRIPLE}-gcc" "ASH_CROSS_CXX=${ASH_CROSS_TRIPLE}-g++"
  "ASH_CROSS_ROOT=/usr/${ASH_CROSS_TRIPLE}" "ASH_CROSS_TOOLS=${ASH_CROSS_TRIPLE}-")
foreach(default IN LISTS ash_cross_defaults)
  string(REGEX MATCH "^([^=]*)=(.*)$" default "${default}")
  if(NOT ${CMAKE_MATCH_1})
    set(${CMAKE_MATCH_1} "${CMAKE_MATCH_2}")
  endif()
endforeach()

set(CMAKE_SYSTEM_NAME Linux)
string(REGEX MATCH "^[^-]+" CMAKE_SYSTEM_PROCESSOR "${ASH_CROSS_TRIPLE}")
set(CMAKE_C_COMPILER "${ASH_CROSS_CC}")
set(CMAKE_CXX_COMPILER "${ASH_CROSS_CXX}")
set(CMAKE_C_FLAGS_INIT "${ASH_CROSS_FLAGS}")
set(CMAKE_CXX_FLAGS_INIT "${ASH_CROSS_FLAGS}")
set(CMAKE_ASM_FLAGS_INIT "${ASH_CROSS_FLAGS}")

# clang would look for llvm's tools, or take the host's.
foreach(tool ar nm objcopy objdump ranlib readelf strip)
  string(TOUPPER "${tool}" variable)
  find_program(CMAKE_${variable} "${ASH_CROSS_TOOLS}${tool}")
endforeach()

set(CMAKE_FIND_ROOT_PATH "${ASH_CROSS_ROOT}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
if(ASH_CROSS_EMULATOR)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${ASH_CROSS_EMULATOR})
endif()
