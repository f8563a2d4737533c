/* Windows in which related objects are added, changed, deleted or looked up. */
'use strict';
(() => {
    const children = new Set();
    const links = '.related-widget-wrapper-link';
    // A window's name says which field opened it, and how deep it is in a chain of windows.
    const depth = Number(window.name.match(/__(\d+)$/)?.[1] ?? 0) + 1;
    const windowName = (field) => `${field}__${depth}`;
    const fieldOf = (popup) => document.getElementById(popup.name.replace(/__\d+$/, ''));

    const open = (address, field, query) => {
        const url = new URL(address, location.href);
        for (const [name, value] of Object.entries(query)) {
            url.searchParams.set(name, value);
        }
        const popup = window.open(url, windowName(field), 'height=600,width=900,resizable=yes,scrollbars=yes');
        children.add(popup);
        popup.focus();
        return false;
    };
    const dismiss = (popup) => {
        children.delete(popup);
        popup.close();
    };

    /* Tell listeners, those of jQuery too. */
    const changed = (element) => {
        element.dispatchEvent(new Event('input', {bubbles: true}));
        element.dispatchEvent(new Event('change', {bubbles: true}));
    };

    /* Let the links beside a list lead to the option that is chosen. */
    const updateLinks = (element) => {
        const wrapper = element.closest('.related-widget-wrapper');
        for (const link of wrapper?.querySelectorAll('[data-href-template]') ?? []) {
            if (element.value) {
                link.href = link.dataset.hrefTemplate.replace('__fk__', encodeURIComponent(element.value));
                link.removeAttribute('aria-disabled');
                link.removeAttribute('tabindex');
            } else {
                link.removeAttribute('href');
                link.setAttribute('aria-disabled', 'true');
            }
        }
    };

    const isAuto = (select) => select.classList.contains('admin-autocomplete');
    const isBox = (id) => Boolean(window.SelectBox?.cache[`${id}_to`]);
    const boxes = () => Object.keys(window.SelectBox?.cache ?? {});

    /* An option of a list, in its group. */
    const append = (select, option, group) => {
        let place = select;
        if (group) {
            place = [...select.querySelectorAll('optgroup')].find((one) => one.label === group);
            if (!place) {
                place = document.createElement('optgroup');
                place.label = group;
                select.append(place);
            }
        }
        place.append(option);
    };

    /* The other lists of the same model on the page. */
    const siblings = (field) => {
        const model = field.closest('.related-widget-wrapper')?.dataset.modelRef;
        if (!model) {
            return [];
        }
        return [...document.querySelectorAll(`[data-model-ref="${CSS.escape(model)}"] select`)]
            .filter((select) => select !== field && !isAuto(select) && !select.id.includes('__prefix__'));
    };

    const addToBox = (id, value, text, group) => {
        window.SelectBox.add_to_cache(id, {value, text, group});
        window.SelectBox.redisplay(id);
        window.SelectFilter?.refresh_icons(id.replace(/_(from|to)$/, ''));
    };

    /* Offer a new object in the other lists. */
    const offer = (field, value, text, group) => {
        const chosenIn = isBox(field.id) ? `${field.id}_to` : field.id;
        for (const select of siblings(field)) {
            if (select.id === chosenIn || select.id === `${field.id}_from`) {
                continue;
            }
            if (boxes().includes(select.id)) {
                if (select.id.endsWith('_from')) {
                    addToBox(select.id, value, text, group);
                }
            } else if (![...select.options].some((option) => option.value === value)) {
                append(select, new Option(text, value), group);
            }
        }
    };

    window.dismissAddRelatedObjectPopup = (popup, value, text, group) => {
        const id = popup.name.replace(/__\d+$/, '');
        const field = fieldOf(popup) ?? document.getElementById(`${id}_to`);
        const key = String(value);
        if (isBox(id)) {
            addToBox(`${id}_to`, key, text, group);
            offer({id, closest: (selector) => field.closest(selector)}, key, text, group);
        } else if (field.tagName === 'SELECT') {
            append(field, new Option(text, key, true, true), group);
            offer(field, key, text, group);
            updateLinks(field);
        } else if (field.classList.contains('vManyToManyRawIdAdminField') && field.value) {
            field.value += `,${key}`;
        } else {
            field.value = key;
        }
        changed(field);
        if (isAuto(field)) {
            window.django.jQuery(field).trigger('change');
        }
        dismiss(popup);
    };

    window.dismissChangeRelatedObjectPopup = (popup, value, text, newValue, group) => {
        const field = fieldOf(popup);
        for (const select of [field, ...siblings(field)]) {
            for (const option of select.options ?? []) {
                if (option.value === String(value)) {
                    option.textContent = text;
                    option.value = newValue;
                    if (group && option.closest('optgroup')?.label !== group) {
                        append(select, option, group);
                    }
                }
            }
            if (boxes().includes(select.id)) {
                for (const one of window.SelectBox.cache[select.id]) {
                    if (one.value === String(value)) {
                        Object.assign(one, {text, value: String(newValue), group: group ?? one.group});
                    }
                }
                window.SelectBox.redisplay(select.id);
            }
        }
        if (field.tagName === 'SELECT') {
            updateLinks(field);
            changed(field);
            const shown = field.nextElementSibling?.querySelector('.select2-selection__rendered');
            if (shown?.lastChild) {
                shown.lastChild.textContent = text;
                shown.title = text;
            }
        }
        dismiss(popup);
    };

    window.dismissDeleteRelatedObjectPopup = (popup, value) => {
        const field = fieldOf(popup);
        for (const select of [field, ...siblings(field)]) {
            for (const option of [...(select.options ?? [])]) {
                if (option.value === String(value)) {
                    option.remove();
                }
            }
            if (boxes().includes(select.id)) {
                window.SelectBox.delete_from_cache(select.id, value);
                window.SelectBox.redisplay(select.id);
            }
        }
        updateLinks(field);
        changed(field);
        dismiss(popup);
    };

    window.dismissRelatedLookupPopup = (popup, value) => {
        const field = fieldOf(popup);
        const several = field.classList.contains('vManyToManyRawIdAdminField') && field.value;
        field.value = several ? `${field.value},${value}` : value;
        changed(field);
        dismiss(popup);
    };

    window.showRelatedObjectPopup = (link) => open(
        link.href, link.id.replace(/^(change|add|delete|view)_/, ''), {_popup: 1});
    window.showRelatedObjectLookupPopup = (link) => open(
        link.href, link.id.replace(/^lookup_/, ''), {_popup: 1});
    window.updateRelatedObjectLinks = (trigger) => updateLinks(trigger.get?.(0) ?? trigger);
    window.dismissChildPopups = () => {
        for (const popup of children) {
            if (!popup.closed) {
                popup.dismissChildPopups?.();
                popup.close();
            }
        }
        children.clear();
    };
    // A window that goes away takes those it opened along.
    window.addEventListener('pagehide', window.dismissChildPopups);

    document.addEventListener('click', (event) => {
        const chosen = event.target.closest('a[data-popup-opener]');
        if (chosen) {
            event.preventDefault();
            opener.dismissRelatedLookupPopup(window, chosen.dataset.popupOpener);
            return;
        }
        const lookup = event.target.closest('a.related-lookup');
        const link = event.target.closest(links);
        if (link && !link.href) {
            event.preventDefault();
        } else if (lookup) {
            // Scripts of packages may listen for these on the links, and take over.
            event.preventDefault();
            window.showRelatedObjectLookupPopup(lookup);
        } else if (link?.dataset.popup === 'yes') {
            event.preventDefault();
            window.showRelatedObjectPopup(link);
        }
    });
    document.addEventListener('change', (event) => {
        if (event.target.matches?.('.related-widget-wrapper select')) {
            updateLinks(event.target);
        }
    });
    const start = () => {
        document.querySelectorAll('.related-widget-wrapper select').forEach(updateLinks);
        window.django?.jQuery?.(document).on(
            'change', '.related-widget-wrapper select', (event) => updateLinks(event.target));
    };
    document.addEventListener('formset:added', (event) => {
        event.target.querySelectorAll('.related-widget-wrapper select').forEach(updateLinks);
    });
    if (document.readyState === 'loading') {
        document.addEventListener('DOMContentLoaded', start);
    } else {
        start();
    }
    // A page from the browser's history has the lists as they were left.
    window.addEventListener('pageshow', (event) => event.persisted && start());
})();
