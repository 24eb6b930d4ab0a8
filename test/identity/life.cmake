# A thread's life: coroutines, ends, forks, ids that come again, threads without the C library.

foreach(pair IN LISTS pairs)
  foreach(program teardown fork reuse clone)
    add_identity_program(identity_${program}_${pair} ${pair} executable ${program})
  endforeach()
  add_identity_test(${pair}_serves_to_the_last_destructor
    identity_teardown_${pair} rounds ${threads})
  add_identity_test(${pair}_outlives_the_first_thread identity_teardown_${pair} first)
  set_tests_properties(identity/${pair}_outlives_the_first_thread PROPERTIES
    PASS_REGULAR_EXPRESSION "the handlers ran" FAIL_REGULAR_EXPRESSION "fails:")
  add_identity_test(${pair}_goes_on_in_children identity_fork_${pair} ${where})
  add_identity_test(${pair}_gives_no_newcomer_what_is_not_its_own
    identity_reuse_${pair} ${generations})
  add_identity_test(${pair}_survives_raw_clones identity_clone_${pair} twin)
  if(NOT ASH_LIBC_IS_MUSL)
    add_identity_test(${pair}_takes_over_from_vanished_threads identity_clone_${pair} vanish)
  endif()
endforeach()

add_planted_test(ends_go_unnoticed "no heap is left behind by a thread that ended"
  identity_teardown_${first_pair} unhooked 200)
add_planted_test(threads_do_not_end "the heaps of threads that ended are used again"
  identity_teardown_${first_pair} living 40)
add_planted_test(first_thread_leaves_a_broken_block "a block of"
  identity_teardown_${first_pair} first_broken)
add_planted_test(child_forgets_its_heap "a child has its thread's heap and id"
  identity_fork_${first_pair} forgets)
add_planted_test(newcomers_share_a_heap "two living threads have two heaps"
  identity_reuse_${first_pair} 10 share)
add_planted_test(twin_has_storage_of_its_own "a thread in its maker's slot is found"
  identity_clone_${first_pair} stranger)
add_planted_test(nobody_vanishes "the heaps of vanished threads are taken over"
  identity_clone_${first_pair} vanish_living)
