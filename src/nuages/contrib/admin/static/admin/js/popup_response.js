/* Tells the window that opened a popup what was done in it. */
'use strict';
(() => {
    const {dataset} = document.getElementById('django-admin-popup-response-constants');
    const {action, value, obj, new_value: newValue, optgroup} = JSON.parse(dataset.popupResponse);
    if (action === 'change') {
        opener.dismissChangeRelatedObjectPopup(window, value, obj, newValue, optgroup);
    } else if (action === 'delete') {
        opener.dismissDeleteRelatedObjectPopup(window, value);
    } else {
        opener.dismissAddRelatedObjectPopup(window, value, obj, optgroup);
    }
})();
