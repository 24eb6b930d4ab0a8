# Which rung of each ladder is built in: src/platform/rungs.h chooses by what it knows of the
# target, and can be overruled here. What no macro tells is found out by compiling: whether
# thread-local variables are emulated by calls, and which flags make dynamic ones cheap.
#
# Results: the definitions ASH_SLOT and ASH_ID for all that is compiled here, where the header is
# overruled; ASH_RUNG_OPTIONS, for whatever is compiled from src/; and ASH_SLOT_PROBED and
# ASH_ID_PROBED, what compiling alone would choose. A test compares these with the header's choice.

include(CheckCCompilerFlag)

set(ASH_SLOT auto CACHE STRING "Where a thread keeps its heap: auto, tls, dynamic, key or map")
set_property(CACHE ASH_SLOT PROPERTY STRINGS auto tls dynamic key map)
set(ASH_ID auto CACHE STRING "What a thread's id is: auto, builtin, asm, tls or pthread")
set_property(CACHE ASH_ID PROPERTY STRINGS auto builtin asm tls pthread)

if(NOT ASH_SLOT MATCHES "^(auto|tls|dynamic|key|map)$")
  message(FATAL_ERROR "ASH_SLOT is '${ASH_SLOT}': say auto, tls, dynamic, key or map")
endif()
if(NOT ASH_ID MATCHES "^(auto|builtin|asm|tls|pthread)$")
  message(FATAL_ERROR "ASH_ID is '${ASH_ID}': say auto, builtin, asm, tls or pthread")
endif()

# Compiles `text` to an object; `result` is what it refers to among `names`, or "none", or
# "failed" if it does not compile.
function(ash_probe_object result names text)
  set(file "${PROJECT_BINARY_DIR}/probe/${result}")
  file(WRITE "${file}.c" "${text}")
  set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
  try_compile(compiled "${PROJECT_BINARY_DIR}/probe/${result}_build" "${file}.c"
    CMAKE_FLAGS "-DINCLUDE_DIRECTORIES=${PROJECT_SOURCE_DIR}/src"
    COMPILE_DEFINITIONS -fPIC COPY_FILE "${file}.a")
  set(found failed)
  if(compiled)
    file(STRINGS "${file}.a" found REGEX "${names}" LIMIT_COUNT 1)
    string(REGEX MATCH "${names}" found "${found}")
    if(NOT found)
      set(found none)
    endif()
  endif()
  set(${result} "${found}" PARENT_SCOPE)
endfunction()

ash_probe_object(ash_tls_calls "__emutls_get_address|__tls_get_addr" "
static _Thread_local __attribute__((tls_model(\"initial-exec\"))) void *slot;
void *get(void);
void *get(void) { return slot; }
void set(void *p);
void set(void *p) { slot = p; }
")
ash_probe_object(ash_asm_calls "never" "
#include <stdint.h>
#include \"platform/cpu.h\"
#if !ASH_CPU_HAS_THREAD_POINTER
#error none
#endif
uintptr_t get(void);
uintptr_t get(void) { uintptr_t p; ash_cpu_thread_pointer(p); return p; }
")

if(ash_tls_calls STREQUAL "none")
  set(slot tls)
else()
  set(slot key)
endif()
if(NOT ash_asm_calls STREQUAL "failed")
  set(id asm)
elseif(slot STREQUAL "tls")
  set(id tls)
else()
  set(id pthread)
endif()
set(ASH_SLOT_PROBED ${slot} CACHE INTERNAL "The slot's rung, as found by compiling")
set(ASH_ID_PROBED ${id} CACHE INTERNAL "The id's rung, as found by compiling")

set(ASH_RUNG_OPTIONS)
if(NOT ASH_SLOT STREQUAL "auto")
  string(TOUPPER "ASH_SLOT_${ASH_SLOT}" value)
  add_compile_definitions(ASH_SLOT=${value})
elseif(ASH_SLOT_PROBED STREQUAL "key")
  add_compile_definitions(ASH_SLOT=ASH_SLOT_KEY)
  message(STATUS "Thread-local variables cost a call here (${ash_tls_calls}): using a thread key")
endif()
if(NOT ASH_ID STREQUAL "auto")
  string(TOUPPER "ASH_ID_${ASH_ID}" value)
  add_compile_definitions(ASH_ID=${value})
endif()

# TLS descriptors: a call that does not come back to malloc. x86 and ARM call the dialect gnu2,
# the others desc; AArch64 has it by default.
if(ASH_SLOT STREQUAL "dynamic")
  foreach(dialect desc gnu2)
    check_c_compiler_flag(-mtls-dialect=${dialect} ASH_HAS_TLS_DIALECT_${dialect})
    if(ASH_HAS_TLS_DIALECT_${dialect})
      list(APPEND ASH_RUNG_OPTIONS -mtls-dialect=${dialect})
      break()
    endif()
  endforeach()
endif()

# clang calls a function for ARM's thread pointer unless told that there is a register.
if(CMAKE_C_COMPILER_ID STREQUAL "Clang" AND CMAKE_SYSTEM_PROCESSOR MATCHES "^armv[78]|^arm$")
  check_c_compiler_flag(-mtp=cp15 ASH_HAS_MTP_CP15)
  if(ASH_HAS_MTP_CP15)
    list(APPEND ASH_RUNG_OPTIONS "$<$<COMPILE_LANGUAGE:C,CXX>:-mtp=cp15>")
  endif()
endif()

# Fails the build if `target`, a library, reaches thread-local storage by a call that may
# allocate: malloc would call itself.
function(ashlar_guard_tls target)
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -DLIBRARY=$<TARGET_FILE:${target}> -DSLOT=${ASH_SLOT}
      -P "${PROJECT_SOURCE_DIR}/cmake/GuardTls.cmake" VERBATIM)
endfunction()
