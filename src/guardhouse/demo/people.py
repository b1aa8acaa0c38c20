"""The demo's users: in this process, and every change written into the books, so that a restart finds them."""

from __future__ import annotations

from guardhouse.demo.books import Books
from guardhouse.users.memory import MemoryUsers, User

__all__ = ["People"]


class People(MemoryUsers):
    """Users who may come and go."""

    def __init__(self, books: Books, more: int = 0) -> None:
        self._books: Books | None = None
        super().__init__(books.users(more), registers=("name",))
        self._books = books

    def everybody(self) -> tuple[User, ...]:
        """Return all there are now."""
        return tuple(self._by_id.values())

    def remove(self, user_id: str) -> None:
        """Forget a user."""
        super().remove(user_id)
        if self._books is not None:
            self._books.forget_user(user_id)

    def _keep(self, user: User) -> None:
        super()._keep(user)
        if self._books is not None:
            self._books.keep_user(user)
