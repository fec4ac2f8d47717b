/* bytecode.S: the bytecode of the bundle. */
  .section .rodata
  .balign 16
  .global ldb_bytecode_start
  .hidden ldb_bytecode_start
ldb_bytecode_start:
  .incbin LDB_BYTECODE
  .global ldb_bytecode_end
  .hidden ldb_bytecode_end
ldb_bytecode_end:
  .byte 0
  .section .note.GNU-stack, "", %progbits
