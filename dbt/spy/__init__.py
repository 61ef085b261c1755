"""What a program does with files, pipes, sockets, processes and the console, as a record."""
