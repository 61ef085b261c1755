"""What Python's standard library makes of threads: queues, pools, subprocesses, asyncio, timers."""

import asyncio
import concurrent.futures
import math
import queue
import subprocess
import threading

found: queue.Queue[int] = queue.Queue()


def put(number: int) -> None:
    for index in range(50):
        found.put(number * index)


threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(found.qsize(), sum(found.get() for _ in range(400)))

with concurrent.futures.ThreadPoolExecutor(4) as pool:
    print(sum(pool.map(lambda n: math.factorial(n) % 1000003, range(100))))
print(subprocess.run(["/bin/echo", "one"], capture_output=True, check=True).stdout)


async def wait(number: int) -> int:
    await asyncio.sleep(0.01 * number)
    return number


async def main() -> None:
    print(await asyncio.gather(*(wait(number) for number in range(5))))
    echo = await asyncio.create_subprocess_exec("/bin/echo", "two", stdout=asyncio.subprocess.PIPE)
    print((await echo.communicate())[0])


asyncio.run(main())
event = threading.Event()
threading.Timer(0.05, event.set).start()
print(event.wait(30))
