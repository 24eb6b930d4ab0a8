# cmake -DLIBRARY=file -DSLOT=rung -P GuardTls.cmake
#
# Fails if the library refers to the functions that find thread-local variables. Both may
# allocate: __emutls_get_address on a thread's first access, __tls_get_addr when the loader
# grows its table.
set(calls __emutls_get_address)
if(NOT SLOT STREQUAL "dynamic")
  string(APPEND calls "|__tls_get_addr")
endif()
file(STRINGS "${LIBRARY}" found REGEX "^(${calls})" LIMIT_COUNT 1)
if(found)
  message(FATAL_ERROR "${LIBRARY} refers to ${found}, which may call malloc: "
    "build with -DASH_SLOT=key, and -DASH_ID=asm or pthread")
endif()
