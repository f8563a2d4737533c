/* "No, take me back" goes back, or closes a popup. */
'use strict';
document.addEventListener('click', (event) => {
    if (!event.target.closest('.cancel-link')) {
        return;
    }
    event.preventDefault();
    if (document.body.classList.contains('popup') || /[?&]_popup(=|&|$)/.test(location.search)) {
        window.close();
    } else {
        history.back();
    }
});
