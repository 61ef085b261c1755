"""A server and its clients are threads of one process. Its queue has room for one connection."""

import os
import socket
import threading

PATH, CLIENTS = "server", 5


def serve(server: socket.socket) -> None:
    for _ in range(CLIENTS):
        connection, _ = server.accept()
        data = b""
        while not data.endswith(b"END"):
            data += connection.recv(65536)
        connection.sendall(str(len(data)).encode())
        connection.close()


def ask(number: int, answers: list[int]) -> None:
    client = socket.socket(socket.AF_UNIX)
    client.connect(PATH)
    client.sendall(b"x" * (300000 + number) + b"END")
    answers.append(int(client.recv(100)))
    client.close()


def a_server_and_clients() -> None:
    server, answers = socket.socket(socket.AF_UNIX), []
    server.bind(PATH)
    server.listen(0)
    threads = [threading.Thread(target=serve, args=(server,))]
    threads += [threading.Thread(target=ask, args=(n, answers)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(sorted(answers))
    os.unlink(PATH)


def a_stream() -> None:
    left, right = socket.socketpair()

    def answer() -> None:
        print(left.recv(10))
        left.sendall(b"y" * 500000)
        left.close()

    thread = threading.Thread(target=answer)
    thread.start()
    right.sendall(b"hello")
    count = 0
    while data := right.recv(4096):
        count += len(data)
    print(count)
    thread.join()


def datagrams() -> None:
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)

    def send() -> None:
        for _ in range(2000):
            left.send(b"z" * 100)

    thread = threading.Thread(target=send)
    thread.start()
    print(sum(len(right.recv(200)) for _ in range(2000)))
    thread.join()


a_server_and_clients()
a_stream()
datagrams()
