/* Lists whose options are asked for while somebody types, by Select2. */
'use strict';
(() => {
    const $ = window.django.jQuery;
    const dataOf = (element) => (parameters) => ({
        term: parameters.term,
        page: parameters.page,
        app_label: element.dataset.appLabel,
        model_name: element.dataset.modelName,
        field_name: element.dataset.fieldName,
    });

    $.fn.djangoAdminSelect2 = function start() {
        this.each((_, element) => {
            if (element.id.includes('__prefix__') || $(element).data('select2')) {
                return;
            }
            // Inside the page's main part, and outside of tables that scroll.
            const parent = element.closest('#content');
            $(element).select2({
                ajax: {data: dataOf(element)}, ...(parent ? {dropdownParent: $(parent)} : {}),
            });
            const box = element.nextElementSibling?.querySelector('.select2-selection');
            // What Select2 draws instead of the list is called what the list is called.
            const label = element.labels?.[0] ?? element.closest('fieldset')?.querySelector('legend');
            for (const part of [box, box?.querySelector('[role="textbox"]')].filter(Boolean)) {
                if (label) {
                    label.id ||= `${element.id}_label`;
                    part.setAttribute('aria-labelledby', label.id);
                } else {
                    part.setAttribute('aria-label', element.dataset.fieldName);
                }
            }
        });
        return this;
    };

    $(() => $('.admin-autocomplete').djangoAdminSelect2());
    $(document).on('select2:open', (event) => {
        const box = event.target.nextElementSibling?.querySelector('[role="combobox"]');
        if (box?.hasAttribute('aria-owns')) {
            box.setAttribute('aria-controls', box.getAttribute('aria-owns'));
        }
        document.querySelector('.select2-container--open .select2-search__field')
            ?.setAttribute('aria-label', event.target.labels?.[0]?.textContent ?? event.target.dataset.fieldName);
    });
    document.addEventListener('formset:added', (event) => {
        $(event.target).find('.admin-autocomplete').djangoAdminSelect2();
    });
})();
