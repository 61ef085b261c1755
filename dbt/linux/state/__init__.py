"""What the kernel keeps of a guest process: address space, descriptors, paths, signals, children,
timers. No module here knows the system calls that read and change it."""
