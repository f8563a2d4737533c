/* Texts as parts of addresses. */
'use strict';
(() => {
    // What does not come apart into a Latin letter and its marks.
    const TABLES = [
        ['ßæœøđðþłħıŋĸſŧ', 'ss ae oe o d d th l h i ng k s t'],
        ['αβγδεζηθικλμνξοπρσςτυφχψω', 'a b g d e z i th i k l m n x o p r s s t y f ch ps o'],
        ['абвгдежзиклмнопрстуфхцчшщъыьэюяєіґј', 'a b v g d e zh z i k l m n o p r s t u f h c ch sh sh  y  e yu ya ye i g j'],
        ['აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ', 'a b g d e v z t i k l m n o p j r s t u f k gh q sh ch c dz w ch x j h'],
        ['աբգդեզէըթժիլխծկհձղճմնշոչպջռսվտրցւփքօֆ', 'a b g d e z e y t jh i l kh ts k h dz gh ch m n sh o ch p j r s v t r c w p q o f'],
    ];
    const LATIN = new Map(TABLES.flatMap(([letters, texts]) => {
        const parts = texts.split(' ');
        return [...letters].map((letter, i) => [letter, parts[i]]);
    }));

    const latin = (text) => [...text.normalize('NFKD').replace(/\p{M}/gu, '')]
        .map((letter) => LATIN.get(letter) ?? letter).join('').replace(/[^\x00-\x7f]/g, '');

    /* Return a slug: of ASCII letters, or of letters of all scripts. */
    window.URLify = (text, length, allowUnicode = false) => {
        const lower = text.toLowerCase();
        const letters = allowUnicode
            ? lower.normalize('NFC').replace(/[^-\p{L}\p{N}_\s]/gu, '')
            : latin(lower).replace(/[^-\w\s]/g, '');
        return letters.trim().replace(/[-\s]+/g, '-').slice(0, length || undefined).replace(/^-+|-+$/g, '');
    };
})();
