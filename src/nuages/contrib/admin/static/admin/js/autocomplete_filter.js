// Filters a list as soon as an object was chosen in the box of an autocomplete filter.
"use strict";
window.addEventListener("load", () => {
    for (const form of document.querySelectorAll("form[data-autocomplete-filter]")) {
        const box = form.querySelector("select");
        // Select2 tells of changes by jQuery's events only.
        const submit = () => form.requestSubmit();
        form.querySelector("button").hidden = true;
        if (window.django && window.django.jQuery) {
            window.django.jQuery(box).on("select2:select select2:clear", submit);
        } else {
            box.addEventListener("change", submit);
        }
    }
});
