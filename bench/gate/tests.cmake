# The gate as tests, label `gate`: instructions and memory against bench/baseline, and proof
# that it can fail. They count, so they may run beside anything.

function(add_gate_test claim)
  add_test(NAME gate/${claim}
    COMMAND ${ASH_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/gate/gate.py
            --build ${CMAKE_CURRENT_BINARY_DIR} --library $<TARGET_FILE:ashlar_shared>
            --compiler "${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}" ${ARGN})
  set_tests_properties(gate/${claim} PROPERTIES LABELS gate TIMEOUT 300 SKIP_RETURN_CODE 77)
endfunction()

add_gate_test(instructions_and_memory_are_those_of_the_baseline)
add_gate_test(planted_a_baseline_ten_percent_lower_fails
  --rows pair64 --memory rss-72 --planted 0.9)
add_gate_test(planted_another_compiler_is_not_compared --compiler "another 1.0" --planted-skip)
