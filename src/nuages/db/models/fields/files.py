"""Fields of uploaded files. Manual: "FileField", "FileField and FieldFile", "ImageField"."""

from __future__ import annotations

import datetime
import posixpath
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self, overload

from nuages.core.exceptions import FieldError
from nuages.core.files.base import ContentFile, File
from nuages.core.files.images import ImageFile
from nuages.core.files.storage import Storage, default_storage
from nuages.core.files.utils import validate_file_name
from nuages.db.models import signals
from nuages.db.models.expressions import DatabaseDefault
from nuages.db.models.fields import Field, _checks
from nuages.db.models.fields._base import keyword
from nuages.db.models.query_utils import DeferredAttribute
from nuages.db.models.utils import AltersData
from nuages.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from nuages.db.models.base import Model

__all__ = [
    "FieldFile",
    "FileDescriptor",
    "FileField",
    "ImageField",
    "ImageFieldFile",
    "ImageFileDescriptor",
]


def _of_storage(doc: str, ask: Callable[[Any, str], Any]) -> property:
    """Return a property that asks the storage about the file. ``ValueError`` if there is none."""
    return property(lambda self: ask(self.storage, self._require_file()), doc=doc)


class FieldFile(File, AltersData):
    """The file of one instance: its name is in the row, its content in the storage."""

    #: The open file, if there is one.
    _file: Any = None

    def __init__(self, instance: Any, field: Any, name: str | None) -> None:
        super().__init__(None, name)
        self.instance, self.field, self.storage = instance, field, field.storage
        self._committed = True

    def __eq__(self, other: object) -> bool:
        # Also equal to the name alone, as rows have it.
        return self.name == getattr(other, "name", other)

    def __hash__(self) -> int:
        return hash(self.name)

    def __bool__(self) -> bool:
        return bool(self.name)

    def _require_file(self) -> str:
        if self.name:
            return self.name
        raise ValueError(f"The '{self.field.name}' attribute has no file associated with it.")

    path = _of_storage("The path in the file system.", lambda storage, name: storage.path(name))
    url = _of_storage("The address.", lambda storage, name: storage.url(name))

    @property
    def size(self) -> int:
        name = self._require_file()
        return self.storage.size(name) if self._committed else self.file.size

    def _open_file(self) -> Any:
        name = self._require_file()
        if self._file is None:
            self._file = self.storage.open(name, "rb")
        return self._file

    def _set_file(self, file: Any) -> None:
        self._file = file

    def _del_file(self) -> None:
        self.__dict__.pop("_file", None)

    file = property(_open_file, _set_file, _del_file, "The open file; it is opened if need be.")

    @property
    def closed(self) -> bool:
        return self._file is None or self._file.closed

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def open(self, mode: str = "rb") -> FieldFile:  # type: ignore[override]
        """Open the file, or rewind it."""
        name = self._require_file()
        if self._file is not None:
            self._file.open(mode)
        else:
            self._file = self.storage.open(name, mode)
        return self

    def _put_name(self, name: str | None, save: bool, content: Any = None) -> None:
        """Let file and instance have this name, and save the instance if wanted."""
        self.name, self._committed = name, name is not None
        self._show_name(content)
        if save:
            self.instance.save()

    def _show_name(self, content: Any) -> None:
        setattr(self.instance, self.field.attname, self.name)

    def save(self, name: str, content: Any, save: bool = True) -> None:
        """Put ``content`` into the storage, and its name on the instance.

        Args:
            name: the file name; ``upload_to`` says where.
            save: save the instance as well.
        """
        place = self.field.generate_filename(self.instance, name)
        limit = self.field.max_length
        self._put_name(self.storage.save(place, content, max_length=limit), save, content)

    def delete(self, save: bool = True) -> None:
        """Take the file from the storage, and its name from the instance.

        Args:
            save: save the instance as well.
        """
        if self:
            self.close()
            del self.file
            self.storage.delete(self.name)
            self._put_name(None, save)

    for _method in (open, save, delete):
        _method.alters_data = True  # type: ignore[union-attr]
    del _method

    def __getstate__(self) -> dict[str, Any]:
        # The open file stays here; the storage is that of the field.
        kept = {key: getattr(self, key) for key in ("name", "instance", "field")}
        return kept | {"closed": False, "_committed": True, "_file": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({key: value for key, value in state.items() if key != "closed"})
        self.storage = self.field.storage


class FileDescriptor(DeferredAttribute):
    """The attribute of an instance: whatever was assigned, it gives a :class:`FieldFile`."""

    def __get__(self, instance: Any, cls: type | None = None) -> Any:
        if instance is None:
            return self
        value = super().__get__(instance, cls)
        field, data = self.field, instance.__dict__
        if value is None or isinstance(value, str):
            # As rows have it.
            value = data[field.attname] = field.attr_class(instance, field, value)
        elif isinstance(value, DatabaseDefault):
            if not isinstance(field.db_default, str):
                return value
            value = data[field.attname] = field.attr_class(instance, field, field.db_default)
        elif isinstance(value, File) and not isinstance(value, FieldFile):
            # A file of someone's own: not in the storage yet.
            wrapped = field.attr_class(instance, field, value.name)
            wrapped.file = value
            wrapped._committed = False
            value = data[field.attname] = wrapped
        elif isinstance(value, FieldFile) and not hasattr(value, "field"):
            # From a pickle of old.
            value.instance, value.field, value.storage = instance, field, field.storage
        elif isinstance(value, FieldFile) and value.instance is not instance:
            # Of another instance: a copy, so that saving one leaves the other alone.
            value.instance = instance
        return data[field.attname]

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class FileField(Field):
    """A file that is uploaded; the column has its name in the storage.

    Args:
        upload_to: the folder (with ``strftime`` formatting), or a function of instance and name.
        storage: where files are kept, or a function that says.
    """

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> FieldFile | Any: ...
        def __get__(self, instance: object | None, owner: Any) -> Any: ...

    attr_class: Any = FieldFile
    descriptor_class = FileDescriptor
    _usual = {"max_length": 100}
    description = _("File")
    _field_checks = (*Field._field_checks, _checks.file_is_no_key, _checks.upload_to_is_relative)

    def __init__(
        self,
        verbose_name: Any = None,
        name: str | None = None,
        upload_to: str | Callable[..., str] = "",
        storage: Any = None,
        **kwargs: Any,
    ) -> None:
        self._primary_key_set_explicitly = "primary_key" in kwargs
        self.storage: Any = default_storage if storage is None else storage
        if callable(self.storage):
            # The function is what is written down.
            self._storage_callable = self.storage
            self.storage = self.storage()
            if not isinstance(self.storage, Storage):
                cls = Storage
                raise TypeError(
                    f"{type(self).__qualname__}.storage must be a subclass/instance of "
                    f"{cls.__module__}.{cls.__qualname__}"
                )
        self.upload_to = upload_to
        super().__init__(verbose_name, name, **(self._usual | kwargs))

    def deconstruct(self) -> tuple[Any, ...]:
        *place, kwargs = super().deconstruct()
        written = getattr(self, "_storage_callable", self.storage)
        if written is not default_storage:
            kwargs["storage"] = written
        return *place, kwargs | {"upload_to": self.upload_to}

    _internal_type = "FileField"

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        # A file is its name. (Expressions, as the database's default, pass.)
        if value is None or isinstance(value, DatabaseDefault):
            return value
        return str(value)

    def pre_save(self, model_instance: Model, add: bool) -> Any:
        """Put a new file into the storage just before its name is saved."""
        file = super().pre_save(model_instance, add)
        if isinstance(file, DatabaseDefault):
            return file
        pending = getattr(file, "_file", None)
        if pending is not None and not file.name and not file._committed:
            error = FieldError(
                f"File for {self.name} must have the name attribute specified to be saved."
            )
            if isinstance(pending, ContentFile):
                error.add_note("Pass a 'name' argument to ContentFile.")
            raise error
        if file and not file._committed:
            file.save(file.name, file.file, save=False)
        return file

    def generate_filename(self, instance: Model, filename: str) -> str:
        """Return where a file of this name goes.

        Raises:
            SuspiciousFileOperation: the path leads out of the storage.
        """
        if callable(self.upload_to):
            path = self.upload_to(instance, filename)
        else:
            folder = datetime.datetime.now().strftime(str(self.upload_to))
            path = posixpath.join(folder, filename)
        path = validate_file_name(path, allow_relative_path=True)
        return self.storage.generate_filename(path)

    def save_form_data(self, instance: Model, data: Any) -> None:
        # ``None``: the form says nothing of the file. ``False``: it is to go.
        if data is not None:
            setattr(instance, self.name, data or "")

    _form_field = "FileField"

    def _form_options(self) -> dict[str, Any]:
        """Add the length of names."""
        return super()._form_options() | {"max_length": self.max_length}


class ImageFileDescriptor(FileDescriptor):
    """Also puts the image's size on the instance when another image is assigned."""

    def __set__(self, instance: Any, value: Any) -> None:
        before = instance.__dict__.get(self.field.attname)
        super().__set__(instance, value)
        # While the instance is being made, ``post_init`` sees to it.
        if before is not None:
            self.field.update_dimension_fields(instance, force=True)


class ImageFieldFile(ImageFile, FieldFile):
    """The image of one instance."""

    def _show_name(self, content: Any) -> None:
        # The size is that of the content: not every storage can be read.
        if content is not None:
            setattr(self.instance, self.field.attname, content)
            self.instance.__dict__[self.field.attname] = self.name
        else:
            super()._show_name(content)

    def delete(self, save: bool = True) -> None:
        self.__dict__.pop("_dimensions_cache", None)
        super().delete(save)

    delete.alters_data = True  # type: ignore[attr-defined]


class ImageField(FileField):
    """A file that is an image.

    Args:
        width_field: the field that holds its width.
        height_field: the field that holds its height.
    """

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> ImageFieldFile | Any: ...
        def __get__(self, instance: object | None, owner: Any) -> Any: ...

    attr_class = ImageFieldFile
    _keywords = (keyword("width_field"), keyword("height_field"))
    descriptor_class = ImageFileDescriptor
    description = _("Image")
    _field_checks = (*FileField._field_checks, _checks.image_library_is_there)

    def __init__(
        self,
        verbose_name: Any = None,
        name: str | None = None,
        width_field: str | None = None,
        height_field: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.width_field, self.height_field = width_field, height_field
        super().__init__(verbose_name, name, **kwargs)

    @property
    def _dimension_fields(self) -> dict[str, str]:
        pairs = {"width": self.width_field, "height": self.height_field}
        return {dimension: field for dimension, field in pairs.items() if field}

    def contribute_to_class(self, cls: type[Model], name: str, **kwargs: Any) -> None:  # type: ignore[override]
        super().contribute_to_class(cls, name, **kwargs)
        # Only models that keep a size pay for the signal.
        if not cls._meta.abstract and self._dimension_fields:
            signals.post_init.connect(self.update_dimension_fields, sender=cls)

    def update_dimension_fields(
        self, instance: Any, force: bool = False, *args: Any, **kwargs: Any
    ) -> None:
        """Set the fields that hold the image's size.

        Args:
            force: also where they have values.
        """
        fields = self._dimension_fields
        if not fields or self.attname not in instance.__dict__:
            return
        file = getattr(instance, self.attname)
        if not file and not force:
            return
        if not force and all(getattr(instance, name) for name in fields.values()):
            return
        for dimension, name in fields.items():
            setattr(instance, name, getattr(file, dimension) if file else None)

    _form_field = "ImageField"
