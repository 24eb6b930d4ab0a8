# Which rungs a build chooses by itself. Compilers are asked, nothing is run.

set(detection ${ASH_PYTHON} "${here}/detection.py")

# A check and its planted failure.
function(add_detection_test name check text)
  add_identity_test(${name} ${detection} ${check} ${ARGN})
  add_identity_test(planted_not_${name} ${must_fail} "${text}"
    ${detection} --planted ${check} ${ARGN})
  set_tests_properties(identity/${name} PROPERTIES SKIP_RETURN_CODE 77)
endfunction()

separate_arguments(flags UNIX_COMMAND "${CMAKE_C_FLAGS}")
set(compiler ${CMAKE_C_COMPILER})
if(CMAKE_C_COMPILER_TARGET)
  list(APPEND compiler --target=${CMAKE_C_COMPILER_TARGET})
endif()

# Emulation is what the header cannot see, and the reason why CMake looks as well.
if(NOT CMAKE_C_FLAGS MATCHES "-femulated-tls")
  add_detection_test(the_header_chooses_what_the_probe_finds agree "the header chooses"
    ${ASH_SLOT_PROBED} ${ASH_ID_PROBED} ${compiler} ${flags})
endif()
add_detection_test(no_answer_of_has_builtin_matters builtins "the header chooses"
  ${compiler} ${flags})

# The rest is the same for every compiler of the tests.
if(CMAKE_CROSSCOMPILING OR CMAKE_C_FLAGS MATCHES "-femulated-tls" OR ASH_LIBC_IS_MUSL
    OR NOT CMAKE_C_COMPILER_ID STREQUAL "GNU")
  return()
endif()
find_program(ASH_CLANG NAMES clang-14 clang)
find_program(ASH_CLANGXX NAMES clang++-14 clang++)
find_program(ASH_TCC NAMES tcc)
foreach(program ASH_CLANG ASH_CLANGXX ASH_TCC)
  if(NOT ${program})
    set(${program} ${program}-missing)
  endif()
endforeach()

add_identity_test(every_target_gets_its_rung ${detection} targets ${ASH_CLANG})
add_identity_test(tcc_reads_the_headers ${detection} tcc ${ASH_TCC})
add_identity_test(emulated_storage_gives_the_key ${ASH_PYTHON} "${here}/emutls.py"
  "${PROJECT_SOURCE_DIR}" "${built}/emutls" ${ASH_CLANG} ${ASH_CLANGXX})
add_identity_test(planted_emulated_storage_is_forced ${ASH_PYTHON} "${here}/emutls.py" --planted
  "${PROJECT_SOURCE_DIR}" "${built}/emutls_planted" ${ASH_CLANG} ${ASH_CLANGXX})
set_tests_properties(identity/every_target_gets_its_rung identity/tcc_reads_the_headers
  identity/emulated_storage_gives_the_key identity/planted_emulated_storage_is_forced
  PROPERTIES SKIP_RETURN_CODE 77)
set_tests_properties(identity/emulated_storage_gives_the_key
  identity/planted_emulated_storage_is_forced PROPERTIES TIMEOUT 600)
if(NOT ASH_CLANG MATCHES "missing")
  add_identity_test(planted_a_target_gets_another_rung ${must_fail} "the header chooses"
    ${detection} --planted targets ${ASH_CLANG})
endif()
if(NOT ASH_TCC MATCHES "missing")
  add_identity_test(planted_the_one_line_question ${must_fail} "does not read the headers"
    ${detection} --planted tcc ${ASH_TCC})
endif()
