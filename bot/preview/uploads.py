"""Finds the picture or file that a call sends: an upload, or the id of one that is known already."""

from bot.preview.cloud import Cloud
from bot.preview.messages import File
from bot.preview.params import Params, Upload
from bot.preview.pictures import look_at
from bot.preview.refusals import bad_request

LARGEST_PHOTO_BYTES = 10 * 1024 * 1024
LARGEST_PHOTO_SIDES = 10_000
"""Width and height together, in pixels."""
LARGEST_PHOTO_RATIO = 20


def find_photo(cloud: Cloud, params: Params, given: str, field: str) -> File:
    source = _source(cloud, params, given, field, "photo")
    if isinstance(source, File):
        if not source.width:
            raise bad_request("type of file mismatch")
        return source
    if len(source.content) > LARGEST_PHOTO_BYTES:
        raise bad_request(
            f"file of size {len(source.content)} bytes is too big for a photo; "
            f"the maximum size is {LARGEST_PHOTO_BYTES} bytes"
        )
    picture = look_at(source.content)
    if picture is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    sides = sorted((picture.width, picture.height))
    if sum(sides) > LARGEST_PHOTO_SIDES or sides[1] > LARGEST_PHOTO_RATIO * sides[0]:
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return cloud.new_file(
        folder="photos",
        name=f"photo.{picture.kind}",
        mime_type=f"image/{picture.kind}",
        content=source.content,
        width=picture.width,
        height=picture.height,
    )


def find_document(cloud: Cloud, params: Params, given: str, field: str) -> File:
    source = _source(cloud, params, given, field, "document")
    if isinstance(source, File):
        return source
    return cloud.new_file(
        folder="documents", name=source.name, mime_type=source.mime_type, content=source.content
    )


def _source(cloud: Cloud, params: Params, given: str, field: str, what: str) -> Upload | File:
    """Find what was sent: an upload, or the id of a file that is known here already."""
    name = given.removeprefix("attach://") if given.startswith("attach://") else field
    upload = params.uploads.get(name)
    if upload is not None:
        if not upload.content:
            raise bad_request("file must be non-empty")
        return upload
    if not given or given.startswith("attach://"):
        raise bad_request(f"there is no {what} in the request")
    if given not in cloud.files:
        raise bad_request("wrong file identifier/HTTP URL specified")
    return cloud.files[given]
