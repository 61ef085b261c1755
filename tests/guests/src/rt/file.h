/* Names assembly sources in the symbol table, as the compiler does C: without it the linker names
   the temporary object, which has another name each time. */
#ifdef __ASSEMBLER__
        .file   __BASE_FILE__
#endif
