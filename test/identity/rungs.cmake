# Each rung x each fault x each form; the ids; forty late libraries.

set(forms executable)
if(NOT static)
  list(APPEND forms library)
endif()

function(add_rung_tests pair form)
  set(end ${pair}_${form})
  string(REGEX MATCH "^[^_]*" slot "${pair}")
  if(pair STREQUAL "detected")
    set(slot key)
  endif()
  set(library)
  if(NOT static)
    set(library "${late_first}")
  endif()
  add_identity_program(identity_faults_${end} ${pair} ${form} faults workload)
  foreach(fault none wiped downgrade foreign)
    add_identity_test(${end}_with_fault_${fault}
      identity_faults_${end} ${slot} ${fault} ${fault} ${steps} ${library})
  endforeach()
  add_identity_program(identity_ids_${end} ${pair} ${form} ids)
  add_identity_test(${end}_has_one_id_for_life identity_ids_${end})
  if(NOT static)
    add_identity_program(identity_late_${end} ${pair} ${form} late_libraries)
    add_identity_test(${end}_stands_forty_late_libraries
      identity_late_${end} "${late_first}" ${late_count} 100)
  endif()
endfunction()

foreach(pair IN LISTS pairs)
  foreach(form IN LISTS forms)
    add_rung_tests(${pair} ${form})
  endforeach()
endforeach()

# A run that forbids what its fault makes the library do must fail, and one that waits for what
# does not come.
set(faults identity_faults_${first_pair}_executable)
string(REGEX MATCH "^[^_]*" slot "${first_pair}")
add_planted_test(rebinding_is_forbidden "no slot is found empty"
  ${faults} ${slot} wiped none ${steps})
add_planted_test(downgrade_is_forbidden "no slot is found empty"
  ${faults} ${slot} downgrade none ${steps})
add_planted_test(foreign_heap_is_forbidden "a wiped slot is used on"
  ${faults} ${slot} foreign wiped ${steps})
add_planted_test(no_slot_is_wiped "a wiped slot is found again"
  ${faults} ${slot} none wiped ${steps})
add_planted_test(no_heap_is_planted "a foreign heap is counted"
  ${faults} ${slot} none foreign ${steps})
add_planted_test(block_is_overwritten "a block of" ${faults} ${slot} corrupt none ${steps})
add_planted_test(another_rung_is_built_in "the rung static was asked for"
  ${faults} static none none ${steps})

# Debug builds do not go on.
string(REPLACE "_" ";" rungs "${first_pair}")
add_subject(debug ${rungs} -UASH_DEBUG -DASH_DEBUG=1)
add_identity_program(identity_faults_debug debug executable faults workload)
add_identity_test(a_debug_build_bears_a_wiped_slot
  identity_faults_debug ${slot} wiped wiped ${steps_debug})
add_identity_test(a_debug_build_dies_of_a_foreign_heap
  "${here}/../libc/must_fail.sh" 134 "ash_thread_is_mine"
  ${emulator} $<TARGET_FILE:identity_faults_debug> ${slot} foreign foreign ${steps_debug})

# The kernel's id is another one in a child of fork.
add_planted_test(id_is_the_kernels "the id is the same in a child of fork"
  identity_ids_${first_pair}_executable kernel)

# The regression test's own failure: the id that caused the bug. On x86 and s390x the word at the
# thread pointer is its own address, and nothing is wrong with it.
if(NOT static AND ASH_ID_PROBED STREQUAL "asm"
    AND CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm|riscv")
  add_subject(planted tls planted)
  add_identity_program(identity_late_planted planted executable late_libraries)
  add_planted_test(id_is_the_word_at_the_thread_pointer "the id of a thread"
    identity_late_planted "${late_first}" ${late_count} 100)
endif()

# The compiler's builtin against the register, where both may be used.
if(ASH_ID_BUILTIN_COMPILES AND ASH_ID_PROBED STREQUAL "asm")
  foreach(rung asm builtin)
    string(TOUPPER "ASH_ID=ASH_ID_${rung}" definition)
    add_library(identity_raw_${rung} OBJECT raw_id.c)
    target_include_directories(identity_raw_${rung} PRIVATE "${PROJECT_SOURCE_DIR}/src")
    target_compile_definitions(identity_raw_${rung} PRIVATE ${definition}
      RAW_ID_NAME=raw_id_${rung})
  endforeach()
  add_identity_program(identity_builtin ${first_pair} executable builtin)
  target_link_libraries(identity_builtin PRIVATE identity_raw_asm identity_raw_builtin)
  add_identity_test(the_builtin_says_what_the_register_says identity_builtin)
  add_planted_test(builtin_is_the_kernels_id "the builtin says what the register says"
    identity_builtin kernel)
endif()
