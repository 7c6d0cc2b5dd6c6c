"""What users log as artifacts, made into bytes: dicts, figures, images, tables.

Libraries are imported on use only.
"""

from __future__ import annotations

import io
import json
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from tracker.exceptions import InvalidValue

if TYPE_CHECKING:
    import pandas as pd

_IMAGE_KEY = re.compile(r"[\w\-./ ]+", re.ASCII)
_PREVIEW_PIXELS = 256


def suffix(path: str) -> str:
    """The ending of a file's name, lower case, with its dot."""
    return PurePosixPath(path).suffix.lower()


def dict_bytes(value: Any, path: str) -> bytes:
    """A dict or list as JSON, or as YAML for a name that ends so."""
    if suffix(path) in (".yml", ".yaml"):
        import yaml

        text: str = yaml.safe_dump(json.loads(_json(value)), sort_keys=False, allow_unicode=True)
        return text.encode()
    return _json(value).encode()


def _json(value: Any) -> str:
    try:
        return json.dumps(value, indent=2, default=_plain, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise InvalidValue(f"The dict cannot be written as JSON: {error}.") from error


def _plain(value: Any) -> Any:
    """NumPy's and the like's values as plain ones, else text."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def figure_bytes(figure: Any, path: str, save_kwargs: dict[str, Any] | None = None) -> bytes:
    """A matplotlib or plotly figure in the format that the name ends in.

    A plotly one as .html, .json or a picture.
    """
    options = save_kwargs or {}
    if hasattr(figure, "savefig"):
        buffer = io.BytesIO()
        figure.savefig(buffer, **({"format": suffix(path)[1:] or "png"} | options))
        return buffer.getvalue()
    if hasattr(figure, "to_html") and hasattr(figure, "to_image"):
        match suffix(path):
            case ".html" | ".htm":
                text: str = figure.to_html(**options)
                return text.encode()
            case ".json":
                return str(figure.to_json(**options)).encode()
            case ".png" | ".jpeg" | ".jpg" | ".webp" | ".svg" | ".pdf":
                image: bytes = figure.to_image(**({"format": suffix(path)[1:]} | options))
                return image
            case other:
                raise InvalidValue(
                    f"A plotly figure is kept as .html, .json or a picture; {other or 'no ending'!r} is none."
                )
    raise InvalidValue(f"log_figure takes a matplotlib or plotly figure; got {type(figure).__name__}.")


def picture(image: Any) -> Any:
    """A PIL image, from one or from an array (h, w), (h, w, 1), (h, w, 3) or (h, w, 4)."""
    try:
        from PIL import Image
    except ImportError:
        raise InvalidValue("log_image needs Pillow: pip install pillow.") from None
    if isinstance(image, Image.Image):
        return image
    if not hasattr(image, "__array__"):
        raise InvalidValue(f"log_image takes a NumPy array or a PIL image; got {type(image).__name__}.")
    import numpy as np

    array = np.asarray(image)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim != 2 and not (array.ndim == 3 and array.shape[2] in (3, 4)):
        raise InvalidValue(
            f"An image has the shape (h, w), (h, w, 1), (h, w, 3) or (h, w, 4); this array has {array.shape}."
        )
    return Image.fromarray(_bytes_of(array))


def _bytes_of(array: Any) -> Any:
    import numpy as np

    if array.dtype == bool:
        return array.astype(np.uint8) * 255
    if np.issubdtype(array.dtype, np.floating):
        if array.size and not (np.nanmin(array) >= 0 and np.nanmax(array) <= 1):
            raise InvalidValue(
                "An image of floats has values from 0 to 1; scale the array, or give integers from 0 to 255."
            )
        return (np.nan_to_num(array) * 255).round().astype(np.uint8)
    if array.size and (array.min() < 0 or array.max() > 255):
        raise InvalidValue("An image of integers has values from 0 to 255.")
    return array.astype(np.uint8)


def picture_bytes(image: Any, path: str) -> bytes:
    """A PIL image in the format that the name ends in."""
    from PIL import Image

    kind = Image.registered_extensions().get(suffix(path))
    if kind is None:
        raise InvalidValue(f"{path!r} does not end in the name of an image format; use .png, for instance.")
    buffer = io.BytesIO()
    image.save(buffer, format=kind)
    return buffer.getvalue()


def preview(image: Any) -> Any:
    """A small copy of a PIL image, for lists."""
    small = image.convert("RGBA" if image.mode in ("RGBA", "LA", "P") else "RGB")
    small.thumbnail((_PREVIEW_PIXELS, _PREVIEW_PIXELS))
    return small


def check_image_key(key: str) -> str:
    """The key itself, if a series of images can have it. Raises InvalidValue."""
    if not isinstance(key, str) or not _IMAGE_KEY.fullmatch(key):
        raise InvalidValue(f"The key of an image holds letters, digits, blanks and _ - . / only; got {key!r}.")
    return key


# -- tables


def table_frame(data: Any) -> pd.DataFrame:
    """A table from a DataFrame or a dict of columns (or of single values: one row). Raises InvalidValue."""
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        return data
    if not isinstance(data, dict):
        raise InvalidValue(f"log_table takes a dict of columns or a DataFrame; got {type(data).__name__}.")
    try:
        if not any(isinstance(column, (list, tuple)) or hasattr(column, "__array__") for column in data.values()):
            return pd.DataFrame([data])
        return pd.DataFrame(data)
    except ValueError as error:
        raise InvalidValue(f"The columns do not make a table: {error}.") from error


def table_bytes(frame: pd.DataFrame, path: str) -> bytes:
    """A table as JSON (split orientation) or Parquet, by the name's ending.

    Raises InvalidValue for another one.
    """
    check_table_name(path)
    if suffix(path) == ".parquet":
        content: bytes = frame.to_parquet(None)
        return content
    text = frame.to_json(orient="split", index=False, date_format="iso")
    return (text or "").encode()


def read_table(content: bytes, path: str) -> pd.DataFrame:
    """The table that `table_bytes` wrote."""
    import pandas as pd

    if suffix(path) == ".parquet":
        return pd.read_parquet(io.BytesIO(content))
    return pd.read_json(io.BytesIO(content), orient="split", convert_dates=False)


def check_table_name(path: str) -> None:
    """Raises InvalidValue unless a table can be kept under this name."""
    if suffix(path) not in (".json", ".parquet"):
        raise InvalidValue(f"A table is kept as .json or .parquet; {path!r} ends in neither.")
