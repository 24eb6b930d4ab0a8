# cmake -DFROM=FILE -DTO=FILE.c -DNAME=identifier -P embed.cmake
# Turns a text file into a C string. Bytes, not a literal: C17 guarantees string
# literals of 4095 characters only.
file(READ "${FROM}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REPEAT "0x..," 16 line)
string(REGEX REPLACE "(${line})" "    \\1\n" bytes "${bytes}")
file(WRITE "${TO}" "const unsigned char ${NAME}[] = {\n${bytes}0x00};\n")
