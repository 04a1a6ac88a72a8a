"""How Storage refuses: HTTP 400 almost always, and the true status in the body."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class StorageError(Exception):
    """One refusal, as the body tells it."""

    def __init__(self, status: int, code: str, message: str, error: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.error = status, code, message, error or code

    def body(self) -> dict[str, str]:
        return {
            "statusCode": str(self.status),
            "code": self.code,
            "error": self.error,
            "message": self.message,
        }


def invalid_request(message: str) -> StorageError:
    return StorageError(400, "InvalidRequest", message, "Error")


def invalid_signature(message: str = "Invalid signature") -> StorageError:
    return StorageError(400, "InvalidSignature", message)


def invalid_key(key: str) -> StorageError:
    return StorageError(400, "InvalidKey", f"Invalid key: {key}")


def access_denied(message: str = "new row violates row-level security policy") -> StorageError:
    return StorageError(403, "AccessDenied", message, "Unauthorized")


def no_such_bucket() -> StorageError:
    return StorageError(404, "NoSuchBucket", "Bucket not found", "Bucket not found")


def no_such_key() -> StorageError:
    return StorageError(404, "NoSuchKey", "Object not found", "not_found")


def no_such_relation() -> StorageError:
    return StorageError(404, "InvalidRequest", "The related resource does not exist")


def key_already_exists() -> StorageError:
    return StorageError(409, "KeyAlreadyExists", "The resource already exists", "Duplicate")


def bucket_already_exists() -> StorageError:
    return StorageError(409, "BucketAlreadyExists", "The resource already exists", "Duplicate")


def too_large() -> StorageError:
    message = "The object exceeded the maximum allowed size"
    return StorageError(413, "EntityTooLarge", message, "Payload too large")


def invalid_type(content_type: str) -> StorageError:
    message = f"mime type {content_type} is not supported"
    return StorageError(415, "InvalidMimeType", message, "invalid_mime_type")


def invalid_range() -> StorageError:
    message = "The requested range is not satisfiable"
    return StorageError(416, "InvalidRange", message)


async def render(_request: Request, error: Exception) -> Response:
    """Answer a refusal; Starlette's handler for StorageError."""
    assert isinstance(error, StorageError)
    return JSONResponse(error.body(), status_code=400)
