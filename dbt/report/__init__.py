"""One run as a page: what ``armdbt report`` gathers, and the HTML that it makes of it.

``Calls`` takes what the calls add up to, ``SyscallTimes`` watches system calls, ``hot_blocks``
reads counters and translations at the end; ``sections`` makes rows of all of it, and ``page``
writes them.
"""
