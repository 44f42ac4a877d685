"""A mail server in a process of its own, that takes everything; prints its port, ends with us."""

import asyncio
import sys

from aiosmtpd.smtp import SMTP


class Taking:
    """Counts, and keeps nothing."""

    async def handle_DATA(self, _server: object, _session: object, _envelope: object) -> str:
        """Take a message."""
        return "250 taken"


async def main() -> None:
    """Serve until our input is closed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Taking(), hostname="bench"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
