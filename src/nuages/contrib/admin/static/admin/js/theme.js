/* The colours: light, dark, or as the system has them. Runs before the page is drawn. */
'use strict';
(() => {
    const KEY = 'theme';
    const THEMES = ['auto', 'light', 'dark'];
    const root = document.documentElement;

    const stored = () => {
        try {
            return THEMES.includes(localStorage.getItem(KEY)) ? localStorage.getItem(KEY) : 'auto';
        } catch {
            return 'auto'; // storage is switched off
        }
    };

    const apply = (theme) => {
        root.dataset.theme = theme;
        try {
            localStorage.setItem(KEY, theme);
        } catch { /* the choice holds for this page */ }
    };

    apply(stored());
    try {
        if (localStorage.getItem('django.admin.navSidebarIsOpen') === 'false') {
            root.dataset.nav = 'closed';
        }
    } catch { /* open, then */ }

    document.addEventListener('click', (event) => {
        if (event.target.closest('.theme-toggle')) {
            apply(THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length]);
        }
    });
})();
