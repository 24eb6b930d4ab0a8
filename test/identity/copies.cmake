# cmake -DFILE=library -DCOUNT=n -DPATTERN=path_with_00 -P copies.cmake
#
# Copies a library under n names: the loader takes each for a library of its own.
math(EXPR last "${COUNT} - 1")
foreach(number RANGE ${last})
  set(digits ${number})
  if(number LESS 10)
    set(digits 0${number})
  endif()
  string(REPLACE "00" "${digits}" name "${PATTERN}")
  file(COPY_FILE "${FILE}" "${name}" ONLY_IF_DIFFERENT)
endforeach()
