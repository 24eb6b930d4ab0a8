@ new_handler.cc for 32-bit ARM, by hand: there the assembler accepts no weak personality, and
@ the runtime must stay the program's. So this names a personality of its own, which goes on to
@ the weak one.
@
@   bool ash_new_handler_returns(void (*handler)(void));

        .syntax unified
        .arm
        .text

        @ Absent in programs without C++; then nothing is thrown either.
        .weak   __gxx_personality_v0
        .weak   __cxa_begin_catch
        .weak   __cxa_end_catch

        .p2align 2
        .type   ash_arm_personality, %function
ash_arm_personality:
        b       __gxx_personality_v0(PLT)
        .size   ash_arm_personality, . - ash_arm_personality

        .global ash_new_handler_returns
        .hidden ash_new_handler_returns
        .type   ash_new_handler_returns, %function
ash_new_handler_returns:
        .fnstart
        push    {r3, lr}                @ r3 for the alignment of the stack
        .save   {r3, lr}
.Ltry:
        blx     r0
.Ltry_end:
        mov     r0, #1
        pop     {r3, pc}
.Lcatch:                                @ r0 is what was thrown
        bl      __cxa_begin_catch(PLT)
        bl      __cxa_end_catch(PLT)
        mov     r0, #0
        pop     {r3, pc}

        @ What the personality reads: one range with one handler, which catches everything.
        .personality ash_arm_personality
        .handlerdata
        .p2align 2
        .byte   0xff                    @ handlers are offsets from the start
        .byte   0x90                    @ types are words
        .uleb128 .Ltypes - .Ltypes_from
.Ltypes_from:
        .byte   1                       @ the table of ranges is in uleb128
        .uleb128 .Lranges_end - .Lranges
.Lranges:
        .uleb128 .Ltry - ash_new_handler_returns, .Ltry_end - .Ltry
        .uleb128 .Lcatch - ash_new_handler_returns, 1
        .uleb128 .Ltry_end - ash_new_handler_returns, .Lend - .Ltry_end, 0, 0
.Lranges_end:
        .byte   1, 0                    @ the one action: the first type, and no next
        .p2align 2
        .word   0                       @ that type: anything
.Ltypes:
        .text
.Lend:
        .fnend
        .size   ash_new_handler_returns, . - ash_new_handler_returns

        .section .note.GNU-stack, "", %progbits
