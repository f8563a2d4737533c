"""Fields of uploaded files. Manual: "FileField", "FileField and FieldFile", "ImageField"."""

from __future__ import annotations

import datetime
import posixpath
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nuages.core.files.base import File
from nuages.core.files.images import ImageFile
from nuages.core.files.storage import Storage, default_storage
from nuages.core.files.utils import validate_file_name
from nuages.db.models import signals
from nuages.db.models.expressions import DatabaseDefault
from nuages.db.models.fields import Field, _checks
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


class FieldFile(File, AltersData):
    """The file of one instance: its name is in the row, its content in the storage."""

    def __init__(self, instance: Any, field: Any, name: str | None) -> None:
        super().__init__(None, name)
        self.instance, self.field = instance, field
        self.storage = field.storage
        self._committed = True

    def __eq__(self, other: object) -> bool:
        # Also equal to the name alone, as rows have it.
        return self.name == (other.name if hasattr(other, "name") else other)

    def __hash__(self) -> int:
        return hash(self.name)

    def __bool__(self) -> bool:
        return bool(self.name)

    def _require_file(self) -> None:
        if not self:
            raise ValueError(
                f"The '{self.field.name}' attribute has no file associated with it."
            )

    @property
    def file(self) -> Any:
        """The open file. ``ValueError`` if there is none."""
        self._require_file()
        if getattr(self, "_file", None) is None:
            self._file = self.storage.open(self.name, "rb")
        return self._file

    @file.setter
    def file(self, file: Any) -> None:
        self._file = file

    @file.deleter
    def file(self) -> None:
        del self._file

    @property
    def path(self) -> str:
        """The path in the file system, where the storage has one."""
        self._require_file()
        return self.storage.path(self.name)

    @property
    def url(self) -> str:
        self._require_file()
        return self.storage.url(self.name)

    @property
    def size(self) -> int:
        self._require_file()
        return self.file.size if not self._committed else self.storage.size(self.name)

    def open(self, mode: str = "rb") -> FieldFile:
        """Open the file, or rewind it."""
        self._require_file()
        opened = getattr(self, "_file", None)
        if opened is None:
            self.file = self.storage.open(self.name, mode)
        else:
            opened.open(mode)
        return self

    open.alters_data = True  # type: ignore[attr-defined]

    def save(self, name: str, content: Any, save: bool = True) -> None:
        """Put ``content`` into the storage, and its name on the instance.

        Args:
            name: the file name; ``upload_to`` says where.
            save: save the instance as well.
        """
        target = self.field.generate_filename(self.instance, name)
        self.name = self.storage.save(target, content, max_length=self.field.max_length)
        setattr(self.instance, self.field.attname, self.name)
        self._committed = True
        if save:
            self.instance.save()

    save.alters_data = True  # type: ignore[attr-defined]

    def delete(self, save: bool = True) -> None:
        """Take the file from the storage, and its name from the instance.

        Args:
            save: save the instance as well.
        """
        if not self:
            return
        if getattr(self, "_file", None) is not None:
            self.close()
            del self.file
        self.storage.delete(self.name)
        self.name = None
        setattr(self.instance, self.field.attname, self.name)
        self._committed = False
        if save:
            self.instance.save()

    delete.alters_data = True  # type: ignore[attr-defined]

    @property
    def closed(self) -> bool:
        opened = getattr(self, "_file", None)
        return opened is None or opened.closed

    def close(self) -> None:
        opened = getattr(self, "_file", None)
        if opened is not None:
            opened.close()

    def __getstate__(self) -> dict[str, Any]:
        # The storage is that of the field.
        return {
            "name": self.name,
            "closed": False,
            "_committed": True,
            "_file": None,
            "instance": self.instance,
            "field": self.field,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        state.pop("closed", None)
        self.__dict__.update(state)
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
            return value
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

    attr_class: Any = FieldFile
    descriptor_class = FileDescriptor
    description = _("File")
    field_checks = (*Field.field_checks, _checks.file_is_no_key, _checks.upload_to_is_relative)

    def __init__(
        self,
        verbose_name: Any = None,
        name: str | None = None,
        upload_to: str | Callable[..., str] = "",
        storage: Any = None,
        **kwargs: Any,
    ) -> None:
        self._primary_key_set_explicitly = "primary_key" in kwargs
        self.storage = default_storage if storage is None else storage
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
        kwargs.setdefault("max_length", 100)
        super().__init__(verbose_name, name, **kwargs)

    def deconstruct(self) -> tuple[Any, ...]:
        name, path, args, kwargs = super().deconstruct()
        if kwargs.get("max_length") == 100:
            del kwargs["max_length"]
        kwargs["upload_to"] = self.upload_to
        storage = getattr(self, "_storage_callable", self.storage)
        if storage is not default_storage:
            kwargs["storage"] = storage
        return name, path, args, kwargs

    def get_internal_type(self) -> str:
        return "FileField"

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
        if file.name is None and file._committed is False and getattr(file, "_file", None):
            from nuages.core.exceptions import FieldError

            raise FieldError(
                f"File for {self.name} must have the name attribute specified to be saved.",
            )
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

    def formfield(self, **kwargs: Any) -> Any:
        from nuages import forms

        return super().formfield(
            **({"form_class": forms.FileField, "max_length": self.max_length} | kwargs)
        )


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

    attr_class = ImageFieldFile
    descriptor_class = ImageFileDescriptor
    description = _("Image")
    field_checks = (*FileField.field_checks, _checks.image_library_is_there)

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

    def deconstruct(self) -> tuple[Any, ...]:
        name, path, args, kwargs = super().deconstruct()
        for option in ("width_field", "height_field"):
            if value := getattr(self, option):
                kwargs[option] = value
        return name, path, args, kwargs

    @property
    def _dimension_fields(self) -> dict[str, str]:
        pairs = {"width": self.width_field, "height": self.height_field}
        return {dimension: field for dimension, field in pairs.items() if field}

    def contribute_to_class(self, cls: type[Model], name: str, **kwargs: Any) -> None:
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

    def formfield(self, **kwargs: Any) -> Any:
        from nuages import forms

        return super().formfield(**({"form_class": forms.ImageField} | kwargs))
