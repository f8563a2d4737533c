"""Forms: HTML from declared fields, and validated data from what comes back.

Manual: "Working with forms".
"""

from nuages.core.exceptions import ValidationError
from nuages.forms.boundfield import *
from nuages.forms.fields import *
from nuages.forms.forms import *
from nuages.forms.formsets import *
from nuages.forms.models import *
from nuages.forms.widgets import *
