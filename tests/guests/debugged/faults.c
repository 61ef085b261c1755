/* A store where nothing is. */
void store(int *where)
{
    *where = 1;
}

int main(void)
{
    store((int *)0x10);
    return 0;
}
