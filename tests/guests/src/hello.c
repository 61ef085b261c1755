/* The smallest program that says something. */
#include "guest.h"

int main(void)
{
    print("hello, world\n");
    return 0;
}
