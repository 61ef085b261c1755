/* Print what the kernel puts on the stack of a new program: argv, environment, auxiliary vector.
   Values that differ from machine to machine are only said to be there. */
#include "guest.h"

enum {
    AT_PHDR = 3, AT_PHENT = 4, AT_PHNUM = 5, AT_PAGESZ = 6, AT_BASE = 7, AT_ENTRY = 9,
    AT_PLATFORM = 15, AT_CLKTCK = 17, AT_RANDOM = 25,
};

extern char _start[];

static void print_entry(u32 type, u32 value)
{
    switch (type) {
    case AT_PAGESZ:
        print("pagesz %u\n", value);
        break;
    case AT_PHENT:
        print("phent %u\n", value);
        break;
    case AT_PHNUM:
        print("phnum %d\n", value > 0);
        break;
    case AT_PHDR:
        print("phdr type %d\n", *(u32 *)value < 0x80000000);
        break;
    case AT_BASE:
        print("base %x\n", value);
        break;
    case AT_ENTRY:
        print("entry %d\n", value == (u32)_start);
        break;
    case AT_CLKTCK:
        print("clktck %u\n", value);
        break;
    case AT_RANDOM:
        print("random %d\n", value != 0);
        break;
    case AT_PLATFORM:
        print("platform %c\n", *(char *)value);
        break;
    }
}

int main(int argc, char **argv, char **envp, u32 *auxv)
{
    print("argc %d\n", argc);
    for (int i = 0; i < argc; i++)
        print("argv[%d] %s\n", i, i ? argv[i] : "(program)");
    print("end %d\n", argv[argc] == 0);
    u32 variables = 0; /* qemu-arm hands them on in reverse: print one, count all */
    for (; *envp; envp++, variables++)
        if ((*envp)[0] == 'P')
            print("env %s\n", *envp);
    print("variables %u\n", variables);
    print("aligned %d\n", ((u32)argv - 4) % 8 == 0);
    for (u32 type = 1; type < 32; type++)
        for (u32 *entry = auxv; entry[0]; entry += 2)
            if (entry[0] == type)
                print_entry(type, entry[1]);
    return argc;
}
