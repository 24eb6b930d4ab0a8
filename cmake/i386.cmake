# A 32-bit x86 build on a 64-bit Debian, with gcc-12-multilib and g++-12-multilib.
#
# The package gcc-multilib would also do, but it cannot be installed beside the AArch64
# cross compiler. All it adds is /usr/include/asm, hence the directory searched last.
set(CMAKE_C_FLAGS_INIT "-m32 -idirafter /usr/include/x86_64-linux-gnu")
set(CMAKE_CXX_FLAGS_INIT "-m32 -idirafter /usr/include/x86_64-linux-gnu")
