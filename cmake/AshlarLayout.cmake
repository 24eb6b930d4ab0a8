# Where the shared library's parts lie. The system brings file pages into memory 64 KiB at a time,
# as far as the mapping goes: so what every process touches lies in short mappings of its own, and
# the rest is not brought in. docs/decisions/0017-footprint.md has the figures.
#
#   headers, constants | near text | (a gap) far text | texts, unwind tables | data | far data
#      every process       src/near.txt                                        every process
#
# ASH_LAYOUT_OPTIONS, for what is compiled for it, and ASH_LAYOUT_LINK_OPTIONS are empty where the
# linker does not know how; then the library is larger in memory, and no different.

include(CheckCSourceCompiles)
include(CMakePushCheckState)

set(ASH_LAYOUT_NAMES "${PROJECT_SOURCE_DIR}/src/near.txt")
set(ASH_LAYOUT_SCRIPT "${PROJECT_BINARY_DIR}/layout.ld")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${ASH_LAYOUT_NAMES}")

file(STRINGS "${ASH_LAYOUT_NAMES}" near_names REGEX "^[a-zA-Z_]")
set(ASH_HAVE_LAYOUT OFF)
set(ASH_LAYOUT_NEAR "")
foreach(name IN LISTS near_names)
  string(APPEND ASH_LAYOUT_NEAR
    "    *(.text.${name} .text.${name}.* .text.unlikely.${name} .text.unlikely.${name}.*)\n")
endforeach()

# The linker's own script has one of these, by the form of the processor's relocations.
cmake_push_check_state(RESET)
set(CMAKE_REQUIRED_FLAGS "-fPIC -ffunction-sections")
set(CMAKE_REQUIRED_LINK_OPTIONS -shared "LINKER:-T,${ASH_LAYOUT_SCRIPT}" LINKER:--fatal-warnings)
foreach(form rela rel)
  if(NOT ASH_HAVE_LAYOUT)
    set(ASH_LAYOUT_AFTER .${form}.plt)
    configure_file("${PROJECT_SOURCE_DIR}/cmake/layout.ld.in" "${ASH_LAYOUT_SCRIPT}" @ONLY)
    check_c_source_compiles("int main(void) { return 0; }" ASH_HAVE_LAYOUT_${form})
    set(ASH_HAVE_LAYOUT ${ASH_HAVE_LAYOUT_${form}})
  endif()
endforeach()
cmake_pop_check_state()

set(ASH_LAYOUT_OPTIONS)
set(ASH_LAYOUT_LINK_OPTIONS)
if(ASH_HAVE_LAYOUT)
  set(ASH_LAYOUT_OPTIONS -ffunction-sections)
  set(ASH_LAYOUT_LINK_OPTIONS "LINKER:-T,${ASH_LAYOUT_SCRIPT}")
endif()
