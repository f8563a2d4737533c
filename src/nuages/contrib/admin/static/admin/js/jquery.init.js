/* The admin's jQuery is ``django.jQuery``; a page's own ``jQuery`` and ``$`` stay what they were. */
'use strict';
window.django = window.django || {};
window.django.jQuery = window.jQuery.noConflict(true);
