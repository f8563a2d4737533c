"""Widgets: what a form field looks like as HTML, and how its data is read back.

Manual: "Widgets".
"""

from __future__ import annotations

from nuages.forms._choice_widgets import (
    CheckboxSelectMultiple,
    NullBooleanSelect,
    RadioSelect,
    Select,
    SelectMultiple,
)
from nuages.forms._choice_widgets import (
    ChoiceWidget as ChoiceWidget,
)
from nuages.forms._composed_widgets import (
    MultiWidget,
    SelectDateWidget,
    SplitDateTimeWidget,
    SplitHiddenDateTimeWidget,
)
from nuages.forms._input_widgets import (  # noqa: F401
    FILE_INPUT_CONTRADICTION,
    CheckboxInput,
    ClearableFileInput,
    ColorInput,
    DateInput,
    DateTimeBaseInput,
    DateTimeInput,
    EmailInput,
    FileInput,
    HiddenInput,
    MultipleHiddenInput,
    NumberInput,
    PasswordInput,
    SearchInput,
    TelInput,
    Textarea,
    TextInput,
    TimeInput,
    URLInput,
    boolean_check,
)
from nuages.forms._media import (
    Media,
    MediaAsset,
    MediaDefiningClass,
    MediaOrderConflictWarning,
    Script,
    Stylesheet,
    media_property,
)
from nuages.forms._widget_base import Input as Input
from nuages.forms._widget_base import Widget

__all__ = (
    "Script",
    "Stylesheet",
    "Media",
    "MediaDefiningClass",
    "Widget",
    "TextInput",
    "NumberInput",
    "EmailInput",
    "URLInput",
    "ColorInput",
    "SearchInput",
    "TelInput",
    "PasswordInput",
    "HiddenInput",
    "MultipleHiddenInput",
    "FileInput",
    "ClearableFileInput",
    "Textarea",
    "DateInput",
    "DateTimeInput",
    "TimeInput",
    "CheckboxInput",
    "Select",
    "NullBooleanSelect",
    "SelectMultiple",
    "RadioSelect",
    "CheckboxSelectMultiple",
    "MultiWidget",
    "SplitDateTimeWidget",
    "SplitHiddenDateTimeWidget",
    "SelectDateWidget",
)

_ALSO_HERE = (
    ChoiceWidget,
    DateTimeBaseInput,
    Input,
    MediaAsset,
    MediaOrderConflictWarning,
    boolean_check,
    media_property,
)
# All widgets are documented to be here, and say so, wherever they are written.
for _public in (*(globals()[_name] for _name in __all__), *_ALSO_HERE):
    _public.__module__ = __name__
