/* "Today" and a calendar beside dates, "Now" and a list of hours beside times. */
'use strict';
(() => {
    const {write, read, format, gettext} = window.DateTexts;
    const serverOffset = () => Number(document.body.dataset.adminUtcOffset);
    const browserOffset = () => -60 * new Date().getTimezoneOffset();

    /* What the clock shows where the server is. */
    const now = () => {
        const date = new Date();
        return Number.isNaN(serverOffset()) ? date
            : new Date(date.getTime() + 1000 * (serverOffset() - browserOffset()));
    };

    const make = (tag, properties, ...children) => {
        const element = Object.assign(document.createElement(tag), properties);
        element.append(...children);
        return element;
    };
    const button = (text, act, properties = {}) => {
        const link = make('a', {href: '#', textContent: text, ...properties});
        link.setAttribute('role', 'button');
        link.addEventListener('click', (event) => {
            event.preventDefault();
            event.stopPropagation();
            act();
        });
        link.addEventListener('keydown', (event) => {
            if (event.key === ' ') {
                event.preventDefault();
                act();
            }
        });
        return link;
    };
    const set = (input, text) => {
        input.value = text;
        input.dispatchEvent(new Event('input', {bubbles: true}));
        input.dispatchEvent(new Event('change', {bubbles: true}));
        input.focus();
    };

    /* A box below its link: one is open at a time; Escape and a click elsewhere close it. */
    let opened = null;
    class Popup {
        constructor(box, link) {
            this.box = box;
            this.link = link;
            box.hidden = true;
            // At the end of the page, where no scrolling table cuts it off.
            document.body.append(box);
            box.setAttribute('role', 'dialog');
            link.setAttribute('aria-haspopup', 'dialog');
            link.setAttribute('aria-expanded', 'false');
            link.setAttribute('aria-controls', box.id);
        }

        open() {
            opened?.close();
            opened = this;
            this.box.hidden = false;
            this.link.setAttribute('aria-expanded', 'true');
            this.place();
        }

        /* Below the link if there is room, else above it; never beyond the window's edge. */
        place() {
            const link = this.link.getBoundingClientRect();
            const {width, height} = this.box.getBoundingClientRect();
            const above = link.bottom + height + 8 > innerHeight && link.top > height + 8;
            const top = above ? link.top - height - 6 : link.bottom + 6;
            const left = Math.max(8, Math.min(link.right - width / 2, innerWidth - width - 8));
            this.box.style.top = `${top + scrollY}px`;
            this.box.style.left = `${left + scrollX}px`;
        }

        close() {
            this.box.hidden = true;
            this.link.setAttribute('aria-expanded', 'false');
            opened = null;
        }

        toggle(fill) {
            if (opened === this) {
                this.close();
            } else {
                fill?.();
                this.open();
            }
        }
    }
    document.addEventListener('keydown', (event) => {
        if (event.key === 'Escape' && opened) {
            const {link} = opened;
            opened.close();
            link.focus();
        }
    });
    document.addEventListener('click', (event) => {
        if (opened && !opened.box.contains(event.target)) {
            opened.close();
        }
    });

    let calendars = 0;
    const addCalendar = (input) => {
        const number = calendars++;
        const pattern = () => format('DATE_INPUT_FORMATS', ['%Y-%m-%d'])[0];
        const read_ = () => format('DATE_INPUT_FORMATS', ['%Y-%m-%d'])
            .map((one) => read(input.value, one)).find(Boolean) ?? null;
        const choose = (date) => {
            popup.close();
            set(input, write(date, pattern()));
        };
        const today = now();
        const inner = make('div', {id: `calendarin${number}`, className: 'calendar'});
        const calendar = new window.Calendar(inner, choose, today);
        calendar.draw();
        const shift = (days) => () => {
            const date = now();
            date.setDate(date.getDate() + days);
            choose(date);
        };
        const box = make('div', {id: `calendarbox${number}`, className: 'calendarbox module'},
            make('div', {className: 'calendar-head'},
                button('‹', () => calendar.drawPreviousMonth(),
                    {className: 'calendarnav-previous', ariaLabel: gettext('Previous month')}),
                button('›', () => calendar.drawNextMonth(),
                    {className: 'calendarnav-next', ariaLabel: gettext('Next month')})),
            inner,
            make('div', {className: 'calendar-shortcuts'},
                button(gettext('Yesterday'), shift(-1)), ' ',
                button(gettext('Today'), shift(0)), ' ', button(gettext('Tomorrow'), shift(1))),
            make('p', {className: 'calendar-cancel'}, button(gettext('Cancel'), () => {
                popup.close();
                link.focus();
            })));
        box.setAttribute('aria-label', gettext('Choose a Date'));
        const link = button('', () => {
            popup.toggle(() => {
                calendar.selected = read_();
                calendar.draw(calendar.selected ?? now());
            });
            if (!box.hidden) {
                calendar.focus();
            }
        }, {id: `calendarlink${number}`, className: 'date-icon',
            title: gettext('Choose a Date'), ariaLabel: gettext('Choose a Date')});
        const shortcuts = make('span', {className: 'datetimeshortcuts'},
            button(gettext('Today'), () => set(input, write(now(), pattern()))), ' ', link);
        const popup = new Popup(box, link);
        input.after(shortcuts);
    };

    let clocks = 0;
    // Marks a message, which is looked up when it is shown.
    const gettext_noop = (text) => text;
    const HOURS = [
        [gettext_noop('Now'), null], [gettext_noop('Midnight'), 0], [gettext_noop('6 a.m.'), 6],
        [gettext_noop('Noon'), 12], [gettext_noop('6 p.m.'), 18],
    ];
    const addClock = (input) => {
        const number = clocks++;
        const pattern = () => format('TIME_INPUT_FORMATS', ['%H:%M:%S'])[0];
        const at = (hour) => write(hour === null ? now() : new Date(1970, 0, 1, hour), pattern());
        const list = make('ul', {className: 'timelist'});
        const hours = window.DateTimeShortcuts.clockHours;
        for (const [label, hour] of hours[input.name] ?? hours.default_) {
            list.append(make('li', {}, button(gettext(label), () => {
                popup.close();
                set(input, at(hour));
            })));
        }
        const box = make('div', {id: `clockbox${number}`, className: 'clockbox module'},
            make('h2', {textContent: gettext('Choose a time')}), list,
            make('p', {className: 'calendar-cancel'}, button(gettext('Cancel'), () => {
                popup.close();
                link.focus();
            })));
        box.setAttribute('aria-label', gettext('Choose a Time'));
        const link = button('', () => {
            popup.toggle();
            if (!box.hidden) {
                list.querySelector('a').focus();
            }
        }, {id: `clocklink${number}`, className: 'clock-icon',
            title: gettext('Choose a Time'), ariaLabel: gettext('Choose a Time')});
        const popup = new Popup(box, link);
        input.after(make('span', {className: 'datetimeshortcuts'},
            button(gettext('Now'), () => set(input, at(null))), ' ', link));
    };

    /* Say so where the browser's time is not the server's. */
    const addWarning = (input) => {
        const hours = (serverOffset() - browserOffset()) / 3600;
        const id = input.getAttribute('aria-describedby')?.split(' ')
            .find((one) => one.endsWith('_timezone_warning_helptext'));
        if (!id || document.getElementById(id)) {
            return;
        }
        if (!hours || Number.isNaN(hours)) {
            const kept = input.getAttribute('aria-describedby').split(' ').filter((one) => one !== id);
            if (kept.length) {
                input.setAttribute('aria-describedby', kept.join(' '));
            } else {
                input.removeAttribute('aria-describedby');
            }
            return;
        }
        const ngettext = window.ngettext ?? ((one, many, count) => (count === 1 ? one : many));
        const count = Math.abs(hours);
        const text = hours < 0
            ? ngettext('Note: You are %s hour ahead of server time.',
                'Note: You are %s hours ahead of server time.', count)
            : ngettext('Note: You are %s hour behind server time.',
                'Note: You are %s hours behind server time.', count);
        const warning = make('div', {
            id, className: 'help timezonewarning', textContent: text.replace('%s', count),
        });
        const field = input.closest('p.datetime, p.date, p.time') ?? input;
        const errors = field.previousElementSibling;
        (errors?.classList.contains('errorlist') ? errors : field).before(warning);
    };

    const enhance = (scope) => {
        for (const input of scope.querySelectorAll('input.vDateField, input.vTimeField')) {
            if (input.dataset.shortcuts || input.name.includes('__prefix__') || input.disabled) {
                continue;
            }
            input.dataset.shortcuts = 'yes';
            (input.classList.contains('vDateField') ? addCalendar : addClock)(input);
            addWarning(input);
        }
    };

    /* ``clockHours`` may give a field's own hours: {start_time: [['3 p.m.', 15]]}. */
    window.DateTimeShortcuts = {clockHours: {default_: HOURS}, init: () => enhance(document)};
    document.addEventListener('formset:added', (event) => enhance(event.target));
    if (document.readyState === 'loading') {
        document.addEventListener('DOMContentLoaded', () => enhance(document));
    } else {
        enhance(document);
    }
})();
