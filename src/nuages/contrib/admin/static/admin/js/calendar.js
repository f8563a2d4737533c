/* Months as tables, and dates as texts. */
'use strict';
(() => {
    const gettext = (text) => (window.gettext ? window.gettext(text) : text);
    const format = (name, fallback) => {
        const given = window.get_format ? window.get_format(name) : name;
        return given === name ? fallback : given;
    };

    // Marks a message, which is looked up when it is shown.
    const gettext_noop = (text) => text;
    const MONTHS = [
        gettext_noop('January'), gettext_noop('February'), gettext_noop('March'), gettext_noop('April'),
        gettext_noop('May'), gettext_noop('June'), gettext_noop('July'), gettext_noop('August'),
        gettext_noop('September'), gettext_noop('October'), gettext_noop('November'), gettext_noop('December'),
    ];
    // What catalogs have a message under that means one thing here and another there.
    const pgettext = (context, text) => `${context}\u0004${text}`;
    const DAYS = [
        [gettext_noop('Sunday'), pgettext('one letter Sunday', 'S')],
        [gettext_noop('Monday'), pgettext('one letter Monday', 'M')],
        [gettext_noop('Tuesday'), pgettext('one letter Tuesday', 'T')],
        [gettext_noop('Wednesday'), pgettext('one letter Wednesday', 'W')],
        [gettext_noop('Thursday'), pgettext('one letter Thursday', 'T')],
        [gettext_noop('Friday'), pgettext('one letter Friday', 'F')],
        [gettext_noop('Saturday'), pgettext('one letter Saturday', 'S')],
    ];
    // One letter stands for several days in English: there it is the beginning of the name.
    const initial = (day, letter) => {
        const found = gettext(letter);
        return found === letter ? gettext(day).slice(0, 2) : found;
    };

    const pad = (number, width = 2) => String(number).padStart(width, '0');
    const WRITE = {
        Y: (date) => pad(date.getFullYear(), 4),
        y: (date) => pad(date.getFullYear() % 100),
        m: (date) => pad(date.getMonth() + 1),
        d: (date) => pad(date.getDate()),
        H: (date) => pad(date.getHours()),
        I: (date) => pad(date.getHours() % 12 || 12),
        M: (date) => pad(date.getMinutes()),
        S: (date) => pad(date.getSeconds()),
        p: (date) => (date.getHours() < 12 ? 'AM' : 'PM'),
        B: (date) => gettext(MONTHS[date.getMonth()]),
        b: (date) => gettext(MONTHS[date.getMonth()]).slice(0, 3),
        f: () => '000000',
        '%': () => '%',
    };

    /* Write a date as strftime does, with the letters that input formats have. */
    const write = (date, pattern) => pattern.replace(/%(.)/g, (all, letter) => (
        WRITE[letter] ? WRITE[letter](date) : all));

    /* Read a date with a format of numbers; null if the text does not fit it. */
    const read = (text, pattern) => {
        const letters = [];
        const source = pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/%([Yymd])/g, (_, letter) => {
            letters.push(letter);
            return letter === 'Y' ? '(\\d{4})' : '(\\d{1,2})';
        });
        const found = source.includes('%') ? null : text.trim().match(new RegExp(`^${source}$`));
        if (!found) {
            return null;
        }
        const parts = Object.fromEntries(letters.map((letter, i) => [letter, Number(found[i + 1])]));
        const year = parts.Y ?? (parts.y < 69 ? 2000 : 1900) + parts.y;
        const date = new Date(year, (parts.m ?? 1) - 1, parts.d ?? 1);
        date.setFullYear(year);
        return date.getMonth() + 1 === parts.m && date.getDate() === parts.d ? date : null;
    };

    const sameDay = (one, other) => Boolean(one && other)
        && one.toDateString() === other.toDateString();

    /* A month inside an element; ``choose`` gets the date that somebody picks. */
    class Calendar {
        constructor(box, choose, today) {
            this.box = box;
            this.choose = choose;
            this.today = today;
            this.selected = null;
            this.day = new Date(today);
            box.addEventListener('click', (event) => {
                const link = event.target.closest('td a');
                if (link) {
                    event.preventDefault();
                    choose(new Date(Number(link.dataset.time)));
                }
            });
            box.addEventListener('keydown', (event) => this.move(event));
        }

        /* Show the month of a date, which is where the keyboard starts. */
        draw(day = this.day) {
            this.day = day;
            const drawn = `${day.toDateString()} ${this.selected?.toDateString()}`;
            if (this.drawn === drawn) {
                return;
            }
            this.drawn = drawn;
            const first = new Date(day.getFullYear(), day.getMonth(), 1);
            const weekStart = Number(format('FIRST_DAY_OF_WEEK', 0));
            const lead = (first.getDay() - weekStart + 7) % 7;
            const table = document.createElement('table');
            table.createCaption().textContent = `${gettext(MONTHS[day.getMonth()])} ${day.getFullYear()}`;
            const head = table.createTHead().insertRow();
            for (let i = 0; i < 7; i++) {
                const [name, letter] = DAYS[(weekStart + i) % 7];
                const cell = document.createElement('th');
                cell.scope = 'col';
                cell.abbr = gettext(name);
                cell.textContent = initial(name, letter);
                head.append(cell);
            }
            const body = table.createTBody();
            const last = new Date(day.getFullYear(), day.getMonth() + 1, 0).getDate();
            let row;
            for (let cell = 0; cell < Math.ceil((lead + last) / 7) * 7; cell++) {
                if (cell % 7 === 0) {
                    row = body.insertRow();
                }
                const number = cell - lead + 1;
                const td = row.insertCell();
                if (number < 1 || number > last) {
                    td.className = 'nonday';
                } else {
                    this.fill(td, new Date(day.getFullYear(), day.getMonth(), number));
                }
            }
            this.box.replaceChildren(table);
        }

        fill(td, date) {
            const link = document.createElement('a');
            link.href = '#';
            link.setAttribute('role', 'button');
            link.dataset.time = date.getTime();
            link.textContent = date.getDate();
            link.tabIndex = sameDay(date, this.day) ? 0 : -1;
            if (sameDay(date, this.selected)) {
                td.className = 'selected';
                link.setAttribute('aria-pressed', 'true');
            } else if (sameDay(date, this.today)) {
                td.className = 'today';
                link.setAttribute('aria-current', 'date');
            }
            td.append(link);
        }

        move(event) {
            const steps = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7};
            const day = new Date(this.day);
            if (event.key in steps) {
                day.setDate(day.getDate() + steps[event.key]);
            } else if (event.key === 'PageUp' || event.key === 'PageDown') {
                day.setMonth(day.getMonth() + (event.key === 'PageUp' ? -1 : 1));
            } else {
                return;
            }
            event.preventDefault();
            this.draw(day);
            this.focus();
        }

        focus() {
            this.box.querySelector('a[tabindex="0"]')?.focus();
        }

        drawNextMonth(step = 1) {
            this.draw(new Date(this.day.getFullYear(), this.day.getMonth() + step, 1));
        }

        drawPreviousMonth() {
            this.drawNextMonth(-1);
        }
    }

    window.Calendar = Calendar;
    window.DateTexts = {write, read, format, gettext};
})();
