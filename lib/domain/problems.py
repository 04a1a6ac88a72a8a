"""The catalogue of problems: every failure a caller can act on, one class each (RFC 9457).

Any layer may raise them; lib/web/problems.py alone renders them, docs/problems.md explains each.
"""

from http import HTTPStatus
from typing import Any, ClassVar


class Problem(Exception):
    """A failure the caller can act on: one subclass, one problem type."""

    status: ClassVar[HTTPStatus]
    title: ClassVar[str]
    slug: ClassVar[str]
    detail: ClassVar[str]
    pointer: ClassVar[str] = "#/body"  # what of the request is at fault, where the status is 422

    def __init__(
        self,
        detail: str | None = None,
        *,
        retry_after_seconds: int | None = None,
        **extensions: Any,
    ) -> None:
        """Describe this occurrence.

        Args:
            detail: Fit for a user: what happened and what to do next. The class has a default.
            retry_after_seconds: Sent as `Retry-After` and as a member of the body.
            extensions: Further members of the body, such as `limit_bytes`.
        """
        self.message = detail or self.detail
        self.retry_after_seconds = retry_after_seconds
        self.extensions = extensions
        super().__init__(self.message)

    def as_dict(self) -> dict[str, Any]:
        """Return the members of the problem document, all but `instance`."""
        document: dict[str, Any] = {
            "type": f"/problems/{self.slug}",
            "title": self.title,
            "status": int(self.status),
            "detail": self.message,
            **self.extensions,
        }
        if self.retry_after_seconds is not None:
            document["retry_after_seconds"] = self.retry_after_seconds
        return document

    def headers(self) -> dict[str, str]:
        """Return the headers that this problem asks for."""
        headers: dict[str, str] = {}
        if self.retry_after_seconds is not None:
            headers["Retry-After"] = str(self.retry_after_seconds)
        if self.status is HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
        return headers


# Who is asking


class InvalidCredentials(Problem):
    status, title = HTTPStatus.UNAUTHORIZED, "Wrong username or password"
    slug = "invalid-credentials"
    detail = "The username or the password is wrong. Check both and try again."


class InvalidAccessToken(Problem):
    status, title = HTTPStatus.UNAUTHORIZED, "Not signed in"
    slug = "invalid-access-token"
    detail = "The access token is missing, invalid or expired. Refresh it or sign in again."


class InvalidRefreshToken(Problem):
    status, title = HTTPStatus.UNAUTHORIZED, "Session over"
    slug = "invalid-refresh-token"
    detail = "This session is over. Sign in again."


class RefreshTokenReused(Problem):
    """Someone used a refresh token again after its child was used: the session is over."""

    status, title = HTTPStatus.UNAUTHORIZED, "Refresh token already used"
    slug = "refresh-token-reused"
    detail = "This session was ended because its token was used twice. Sign in again."


class SessionEnded(Problem):
    status, title = HTTPStatus.UNAUTHORIZED, "Session over"
    slug = "session-ended"
    detail = "This session is over. Sign in again."


class CrossSiteRequest(Problem):
    status, title = HTTPStatus.FORBIDDEN, "Cross-site request refused"
    slug = "cross-site-request"
    detail = "This request must come from Lectern's own page, with the header X-Requested-With."


class SignupRefused(Problem):
    status, title = HTTPStatus.FORBIDDEN, "Sign-up refused"
    slug = "signup-refused"
    detail = "A valid sign-up code is needed here. Ask your teacher for it."


class SignupClosed(Problem):
    status, title = HTTPStatus.FORBIDDEN, "Sign-up closed"
    slug = "signup-closed"
    detail = "Sign-up is closed here. Ask your teacher for an account."


class EdgeBypassed(Problem):
    status, title = HTTPStatus.FORBIDDEN, "Wrong address"
    slug = "edge-bypassed"
    detail = "Lectern does not answer at this address. Use the one that you were given for it."


class PasswordChangeRequired(Problem):
    status, title = HTTPStatus.FORBIDDEN, "Password change required"
    slug = "password-change-required"
    detail = "You signed in with a one-time passphrase. Choose a password of your own first."


# Accounts


class UsernameTaken(Problem):
    status, title = HTTPStatus.CONFLICT, "Username taken"
    slug = "username-taken"
    detail = "This username is taken. Choose another one."


class WeakPassword(Problem):
    status, title = HTTPStatus.UNPROCESSABLE_ENTITY, "Password refused"
    slug = "weak-password"
    pointer = "#/body/password"
    detail = "This password is too easy to guess. Use three or four unrelated words."


class TooManyAttempts(Problem):
    status, title = HTTPStatus.TOO_MANY_REQUESTS, "Too many failed attempts"
    slug = "too-many-attempts"
    detail = "Too many wrong passwords or sign-up codes. Wait a moment, then try again."


class SessionNotFound(Problem):
    status, title = HTTPStatus.NOT_FOUND, "Session not found"
    slug = "session-not-found"
    detail = "There is no such session; perhaps it is over already. Load the list anew."


# Files


class FileNotFound(Problem):
    status, title = HTTPStatus.NOT_FOUND, "File not found"
    slug = "file-not-found"
    detail = "There is no such file; perhaps it was deleted. Choose another one, or add it again."


class PageNotFound(Problem):
    status, title = HTTPStatus.NOT_FOUND, "Page not found"
    slug = "page-not-found"
    detail = "This file has no such page, or it has not been read yet. Choose another page."


class FileTooLarge(Problem):
    status, title = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "File too large"
    slug = "file-too-large"
    detail = "This file is too large. Split it, or leave out what is not needed."


class TooManyPages(Problem):
    status, title = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Too many pages"
    slug = "too-many-pages"
    detail = "This file has too many pages. Split it and upload the parts."


class TooMuchText(Problem):
    status, title = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Too much text"
    slug = "too-much-text"
    detail = "This file holds more text than a course file does. Split it and upload the parts."


class UnsupportedFileType(Problem):
    status, title = HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "File type not supported"
    slug = "unsupported-file-type"
    detail = "Lectern does not read this kind of file. Save it as PDF, DOCX, PPTX, HTML, Markdown or plain text."


class UnreadableFile(Problem):
    status, title = HTTPStatus.UNPROCESSABLE_ENTITY, "File cannot be read"
    slug = "unreadable-file"
    detail = "This file cannot be read; it may be damaged or protected by a password. Save it anew and upload it again."


class EmptyFile(Problem):
    status, title = HTTPStatus.UNPROCESSABLE_ENTITY, "No text in this file"
    slug = "empty-file"
    pointer = "#/body/file"
    detail = "No text was found in this file. Scanned pages must go through text recognition first."


class UploadIncomplete(Problem):
    status, title = HTTPStatus.CONFLICT, "Upload not complete"
    slug = "upload-incomplete"
    detail = "The file has not arrived in full. Upload it again."


class UploadMismatch(Problem):
    status, title = HTTPStatus.UNPROCESSABLE_ENTITY, "Not the announced file"
    slug = "upload-mismatch"
    detail = "What arrived is not the file that was announced. Upload it again."


class FileNotReady(Problem):
    status, title = HTTPStatus.CONFLICT, "File not ready"
    slug = "file-not-ready"
    detail = "A chosen file has not been read yet. Wait until it is ready, or leave it out."


class LeaseLost(Problem):
    """Another request reads this file now; what this one has read is read again by that one."""

    status, title = HTTPStatus.CONFLICT, "File is being read"
    slug = "lease-lost"
    detail = "Another request is reading this file. Wait a moment, then look again."


class FileLimitReached(Problem):
    status, title = HTTPStatus.CONFLICT, "File limit reached"
    slug = "file-limit-reached"
    detail = "You have reached the limit for files. Delete one that you no longer need."


class TextLimitReached(Problem):
    """All files of a user together hold more than a question may have to look at."""

    status, title = HTTPStatus.CONFLICT, "Text limit reached"
    slug = "text-limit-reached"
    detail = "Your files hold as much text as they may together. Delete one that you no longer need, then upload this one again."


# Questions and chats


class ChatNotFound(Problem):
    status, title = HTTPStatus.NOT_FOUND, "Chat not found"
    slug = "chat-not-found"
    detail = (
        "There is no such chat; perhaps it was deleted. Choose another one, or ask a new question."
    )


class DailyLimitReached(Problem):
    status, title = HTTPStatus.TOO_MANY_REQUESTS, "Daily limit reached"
    slug = "daily-limit-reached"
    detail = "You have used all your questions for today. They start anew at midnight UTC."


class CapacityExhausted(Problem):
    """The ceiling of the whole deployment for the day."""

    status, title = HTTPStatus.SERVICE_UNAVAILABLE, "Out of capacity for today"
    slug = "capacity-exhausted"
    detail = (
        "Lectern has answered all the questions it may answer today. Come back after midnight UTC."
    )


class TooManyStreams(Problem):
    status, title = HTTPStatus.TOO_MANY_REQUESTS, "Too many questions at once"
    slug = "too-many-streams"
    detail = "You are asking too many questions at once. Wait for an answer, then ask again."


class IdempotencyConflict(Problem):
    status, title = HTTPStatus.CONFLICT, "Still running"
    slug = "idempotency-conflict"
    detail = "A request with this Idempotency-Key is still running. Try again in a moment."


class IdempotencyMismatch(Problem):
    status, title = HTTPStatus.UNPROCESSABLE_ENTITY, "Idempotency-Key used before"
    slug = "idempotency-mismatch"
    pointer = "#/header/idempotency-key"
    detail = "This Idempotency-Key was used with another question. Use a new key."


# The request itself, and those we depend on


class InvalidRequest(Problem):
    status, title = HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid request"
    slug = "invalid-request"
    detail = "The request is malformed. See errors for what to correct."


class RequestTooLarge(Problem):
    status, title = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request too large"
    slug = "request-too-large"
    detail = "This is too large. Make it shorter, then try again."


class Busy(Problem):
    """This instance has more work than it may queue."""

    status, title = HTTPStatus.SERVICE_UNAVAILABLE, "Busy"
    slug = "busy"
    detail = "Too many people are signing in at once. Try again in a few seconds."


class InvalidJobSecret(Problem):
    status, title = HTTPStatus.UNAUTHORIZED, "Not allowed"
    slug = "invalid-job-secret"
    detail = "This route needs the secret of the scheduled job."


class DatabaseUnavailable(Problem):
    status, title = HTTPStatus.SERVICE_UNAVAILABLE, "Database unavailable"
    slug = "database-unavailable"
    detail = "The database cannot be reached. Nothing was lost; try again in a moment."


class StorageUnavailable(Problem):
    status, title = HTTPStatus.SERVICE_UNAVAILABLE, "File storage unavailable"
    slug = "storage-unavailable"
    detail = "The file storage cannot be reached. Try again in a moment."


class ModelUnavailable(Problem):
    status, title = HTTPStatus.SERVICE_UNAVAILABLE, "Model unavailable"
    slug = "model-unavailable"
    detail = (
        "The language model cannot be reached. Your question is kept; ask it again in a moment."
    )


class ModelInterrupted(Problem):
    """The stream ended without its terminal event, or past its deadline."""

    status, title = HTTPStatus.BAD_GATEWAY, "Answer interrupted"
    slug = "model-interrupted"
    detail = "The answer broke off. What arrived is kept in the history; ask again for a full one."


class ModelDeclined(Problem):
    """The model said that it will not answer, which says nothing of the files."""

    status, title = HTTPStatus.BAD_GATEWAY, "Answer declined"
    slug = "model-declined"
    detail = "The language model declined to answer this. Ask in other words, or of other files."
